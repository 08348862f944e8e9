"""The scheduled check of the ledger: it ends at any size, goes on where it ended, and looks at what changed first."""

from decimal import Decimal
from typing import Any

import pytest

from orders import ledger_check, tasks
from orders.ledger_check import RUN_SECONDS, check_ledger
from orders.models import LedgerCheck, Order, OrderEvent
from panel.ops.models import Alert, JobRun
from tests.fixtures_orders import LINK, Store

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders(store: Store) -> list[Order]:
    return [store.active(link=f"{LINK}/{number}", quantity=str(1000 + number)) for number in range(7)]


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Slices of two orders, and how many fit into a run: the clock ticks once each time it is asked."""
    monkeypatch.setattr(ledger_check, "ROWS", 2)
    ticks = iter(range(10**6))
    monkeypatch.setattr(ledger_check.time, "monotonic", lambda: next(ticks))


def damage(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(cost=Decimal(1))


def change(order: Order) -> None:
    OrderEvent.objects.create(order=order, what="started")


def open_alerts() -> set[str]:
    return set(Alert.objects.filter(closed_at=None, subject__startswith="books").values_list("subject", flat=True))


def found_in(numbers: list[str]) -> list[int]:
    return [int(line.split()[1].rstrip(":")) for line in numbers]


def test_a_run_goes_on_where_the_last_one_ended(orders: list[Order], slices: Any) -> None:
    damage(orders[5])
    first = check_ledger(seconds=3)  # two slices
    assert (first.differences, first.orders_left) == ([], 3)
    assert open_alerts() == {"books-unfinished"}
    assert Alert.objects.get(subject="books-unfinished").detail.startswith("3 orders are left.")
    second = check_ledger(seconds=3)
    assert (found_in(second.differences), second.orders_left) == ([orders[5].pk], 0)
    assert open_alerts() == {"books"}
    assert check_ledger(seconds=2).orders_left == 5  # a new round
    assert open_alerts() == {"books", "books-unfinished"}


def test_an_alert_stays_until_a_whole_round_found_nothing(orders: list[Order], slices: Any) -> None:
    damage(orders[0])
    assert found_in(check_ledger(seconds=2).differences) == [orders[0].pk]
    assert check_ledger(seconds=100).differences == []  # the rest of the round
    assert open_alerts() == {"books"}
    Order.objects.filter(pk=orders[0].pk).update(cost=Decimal("0.9"))
    assert check_ledger(seconds=2).orders_left == 5
    assert open_alerts() == {"books", "books-unfinished"}
    assert check_ledger(seconds=100).differences == []
    assert open_alerts() == set()


def test_what_changed_is_checked_first(orders: list[Order], slices: Any) -> None:
    check_ledger(seconds=100)
    for order in orders[4:]:
        damage(order)
    change(orders[6])
    first = check_ledger(seconds=2)
    assert (found_in(first.differences), first.orders_left) == ([orders[6].pk], 7)
    assert LedgerCheck.objects.get().last_event == OrderEvent.objects.latest("pk").pk
    assert found_in(check_ledger(seconds=100).differences) == [order.pk for order in orders[4:]]


def test_what_was_found_among_the_changed_keeps_the_alert_open_as_well(orders: list[Order], slices: Any) -> None:
    assert check_ledger(seconds=3).orders_left == 3
    damage(orders[0])
    change(orders[0])
    assert found_in(check_ledger(seconds=2).differences) == [orders[0].pk]
    assert check_ledger(seconds=100).orders_left == 0  # of a round that began before the damage
    assert open_alerts() == {"books"}


def test_a_run_that_is_stopped_loses_no_slice(
    orders: list[Order], slices: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = ledger_check.recount_orders, []

    def dies_in_the_third(found: list[Order]) -> list[str]:
        seen.extend(order.pk for order in found)
        if len(seen) > 4:
            raise ZeroDivisionError
        return real(found)

    with monkeypatch.context() as patched:
        patched.setattr(ledger_check, "recount_orders", dies_in_the_third)
        with pytest.raises(ZeroDivisionError):
            check_ledger(seconds=100)
    assert LedgerCheck.objects.get().last_order == orders[3].pk
    damage(orders[0])
    damage(orders[4])
    assert found_in(check_ledger(seconds=100).differences) == [orders[4].pk]


def test_the_job_says_as_ever_what_differs_and_what_is_left(
    orders: list[Order], slices: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.check_books()
    assert JobRun.objects.get().summary == {"differences": 0}
    monkeypatch.setattr(tasks.ledger_check, "check_ledger", lambda: check_ledger(seconds=2))
    tasks.check_books()
    assert JobRun.objects.get().summary == {"differences": 0, "orders_left": 5}


def test_its_limits_leave_it_the_time_it_takes() -> None:
    assert tasks.check_books.soft_time_limit == tasks.CHECK_SOFT_SECONDS > RUN_SECONDS + 5 * 60
    assert tasks.check_books.time_limit == tasks.CHECK_LEASE > tasks.CHECK_SOFT_SECONDS
