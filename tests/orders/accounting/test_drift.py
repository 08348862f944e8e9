"""What explains a drift: the readings between which it arose, and the one choice of doubtful orders that costs it."""

from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from orders.accounting.drift import Step, drift_facts
from orders.accounting.subset_sum import MAX_AMOUNTS, sole_subset
from orders.models import Order
from providers.models import Provider
from tests.fixtures_orders import Store


def amounts(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("costs", "total", "places"),
    [
        (("0.9", "5", "1.35"), "6.35", [1, 2]),
        (("0.9", "5", "1.35"), "0.9", [0]),
        (("0.9", "5", "1.35"), "7.25", [0, 1, 2]),
        (("0.9", "5", "1.35"), "7", None),
        (("0.9", "5", "1.35"), "0", None),
        (("0.9", "5", "1.35"), "-0.9", None),
        (("0.9", "0.9"), "0.9", None),  # either
        (("0.9", "0.9"), "1.8", [0, 1]),
        (("1", "2", "3"), "3", None),  # 1 and 2, or 3
        (("0.000001", "0.000002"), "0.000003", [0, 1]),
        ((), "1", None),
        (("1",) * MAX_AMOUNTS, str(MAX_AMOUNTS), list(range(MAX_AMOUNTS))),
        (("1",) * (MAX_AMOUNTS + 1), str(MAX_AMOUNTS + 1), None),
    ],
)
def test_only_a_sole_answer_is_an_answer(costs: tuple[str, ...], total: str, places: list[int] | None) -> None:
    assert sole_subset(amounts(*costs), total=Decimal(total)) == places


@given(st.lists(st.integers(1, 12), max_size=9), st.integers(1, 60))
def test_it_agrees_with_trying_every_choice(costs: list[int], total: int) -> None:
    every = [[place for place in range(len(costs)) if chosen & 1 << place] for chosen in range(1 << len(costs))]
    fitting = [places for places in every if sum(costs[place] for place in places) == total]
    expected = fitting[0] if len(fitting) == 1 else None
    assert sole_subset([Decimal(cost) for cost in costs], total=Decimal(total)) == expected


def doubt(store: Store, external_id: str, **words: str) -> Order:
    """An order that was really bought, and whose answer was lost."""
    store.simulator.next("add", "reset_after_create")
    order = store.active(external_id, **words)
    assert order.state == "UNCONFIRMED"
    Provider.objects.update(unknown_in_a_row=0, trips_in_a_row=0, breaker_open_until=None)
    return order


def test_the_doubtful_order_that_costs_what_is_missing_is_named(store: Store) -> None:
    bought = doubt(store, "1")
    lost = store.place("4")
    Order.objects.filter(pk=lost.pk).update(state="UNCONFIRMED")
    reading = store.read_balance()
    facts = drift_facts(provider=store.provider, reading=reading, now=timezone.now())
    assert (reading.drift, facts.missing, facts.suspects, facts.steps) == (0, Decimal("0.9"), [bought], [])


def test_two_possible_choices_explain_nothing(store: Store) -> None:
    doubt(store, "1")
    twin = store.place("1")
    Order.objects.filter(pk=twin.pk).update(state="REVIEW")
    facts = drift_facts(provider=store.provider, reading=store.read_balance(), now=timezone.now())
    assert (facts.missing, facts.suspects) == (Decimal("0.9"), [])


def test_it_is_told_between_which_readings_the_drift_arose(store: Store) -> None:
    store.active()
    right = store.read_balance()
    store.simulator.balance -= Decimal(2)
    first = store.read_balance()
    store.active("4")
    store.simulator.balance -= Decimal("0.5")
    second = store.read_balance()
    facts = drift_facts(provider=store.provider, reading=second, now=timezone.now())
    assert facts.steps == [
        Step(first.at, second.at, Decimal("-0.75"), Decimal("-0.25"), Decimal("-0.5")),
        Step(right.at, first.at, Decimal(-2), Decimal(0), Decimal(-2)),
    ]
    assert (second.drift, facts.missing) == (Decimal("-2.5"), Decimal("2.5"))
