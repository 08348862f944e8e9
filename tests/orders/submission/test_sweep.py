"""The sweep's turns: a thousand orders that cannot go, or providers that do not answer, hold up no others."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Attempt, Order
from orders.submission import sweep
from orders.submission.due import first_of_each_cost, providers_in_turn
from orders.submission.sweep import EXPIRED_A_SWEEP, expire_queued, submit_orders, sweep_orders
from orders.tasks import SUBMITS_IN_FLIGHT
from providers.models import Provider
from providers.sync.service_sync import sync_provider
from tests.fixtures_orders import LINK, Store
from tests.fixtures_shop import connect
from tests.fixtures_simulator import Simulator


@pytest.fixture
def good(store: Store, make_simulator: Callable[..., Simulator]) -> Provider:
    """A second provider, which answers; its orders are younger than all others."""
    provider = connect(make_simulator(), name="Good", new_services="none")
    sync_provider(provider_id=provider.pk, now=timezone.now())
    return provider


def copies(order: Order, number: int, **given: object) -> list[Order]:
    """So many orders like this one, each waiting for an hour."""
    known = Order.objects.filter(pk=order.pk).values().get()
    del known["id"], known["listed_as"]
    known |= {"next_attempt_at": timezone.now() - timedelta(hours=1), **given}
    return Order.objects.bulk_create([Order(**known | {"link": f"{LINK}/{one}"}) for one in range(number)])


def move(order: Order, provider: Provider) -> Order:
    Order.objects.filter(pk=order.pk).update(provider=provider)
    order.refresh_from_db()
    return order


def test_a_thousand_behind_a_doubt_hold_up_no_other(
    store: Store, good: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.simulator.next("add", "reset_before_create")
    doubtful = store.active()
    crowd = copies(store.place(quantity="2000"), 1000, expected_cost=doubtful.expected_cost)
    other, elsewhere = store.place(quantity="3000"), move(store.place(), good)
    tried: list[int] = []
    submit = sweep.submit_order

    def noted(*, order_id: int, even_early: bool) -> bool:
        tried.append(order_id)
        return submit(order_id=order_id, even_early=even_early)

    monkeypatch.setattr(sweep, "submit_order", noted)
    swept = sweep_orders(now=timezone.now())
    assert {store.fresh(order).state for order in (other, elsewhere)} == {"ACTIVE"}
    assert {order.pk for order in crowd} & set(tried) == set()
    assert swept.submitted == len(tried) == 3  # and the one that the crowd was copied from


def test_without_probing_none_stands_behind_another(store: Store) -> None:
    Provider.objects.update(probing="off")
    orders = [store.place(link=f"{LINK}/{number}") for number in range(3)]
    Order.objects.filter(pk=orders[0].pk).update(in_flight_cost=orders[0].expected_cost, state="UNCONFIRMED")
    assert sweep_orders(now=timezone.now()).submitted == 2


def test_one_that_fails_unforeseen_stands_in_nobodys_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = store.place()
    behind = copies(broken, 3, next_attempt_at=timezone.now())
    Order.objects.filter(pk=broken.pk).update(provider_service="no such service")
    assert sweep_orders(now=timezone.now()).submitted == 3
    assert store.fresh(broken).state == "QUEUED"
    assert {store.fresh(order).state for order in behind} == {"ACTIVE"}


def test_all_are_tried_once_where_also_those_not_due_are_sent(store: Store) -> None:
    order = store.place()
    store.simulator.next("add", "busy429", times=5)
    assert sweep_orders(now=timezone.now(), everything=True).submitted == 1
    assert (store.fresh(order).state, order.attempts.count()) == ("QUEUED", 1)
    assert sweep_orders(now=timezone.now()).submitted == 0


def test_providers_in_trouble_come_last_then_who_waits_the_longest(
    store: Store, make_simulator: Callable[..., Simulator]
) -> None:
    now = timezone.now()
    names = ("Troubled", "Young", "Old", "Closed", "Idle")
    for hours, name in enumerate(names):
        provider = connect(make_simulator(), name=name, new_services="none")
        order = move(store.place(), provider)
        Order.objects.filter(pk=order.pk).update(next_attempt_at=now - timedelta(hours=hours + 1))
    Provider.objects.filter(name="Troubled").update(trips_in_a_row=1, breaker_open_until=now)
    Order.objects.filter(provider__name="Troubled").update(next_attempt_at=now - timedelta(days=1))
    Provider.objects.filter(name="Closed").update(breaker_open_until=now + timedelta(minutes=1))
    Order.objects.filter(provider__name="Idle").update(next_attempt_at=now + timedelta(minutes=1))
    known = dict(Provider.objects.values_list("pk", "name"))
    assert [known[pk] for pk in providers_in_turn(now=now)] == ["Old", "Young", "Troubled"]
    assert [known[pk] for pk in providers_in_turn(now=now, even_early=True)] == ["Old", "Young", "Idle", "Troubled"]


def test_a_look_finds_the_oldest_of_each_cost_and_no_more_than_asked(store: Store) -> None:
    first, second = store.place(), store.place(quantity="2000")
    copies(first, 5)
    look = {"provider_id": store.provider.pk, "now": timezone.now()}
    found = first_of_each_cost(**look, but=set())
    assert found == [first.pk, second.pk]
    assert first_of_each_cost(**look, but=set(), most=1) == [first.pk]
    assert first_of_each_cost(**look, but={first.pk, second.pk}) == [second.pk + 1]


@pytest.mark.django_db(transaction=True)
def test_eight_providers_that_do_not_answer_hold_up_no_ninth(
    store: Store, good: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Provider.objects.filter(pk=store.provider.pk).values().get()
    bad = Provider.objects.bulk_create([Provider(**known | {"id": None, "name": f"Bad {one}"}) for one in range(8)])
    order = store.place()
    for provider in bad:
        copies(order, 3, provider_id=provider.pk)
    Order.objects.filter(pk=order.pk).update(state="CANCELED")
    wanted = [move(store.place(quantity=f"{number}000"), good).pk for number in (1, 2, 3)]
    all_done, served = threading.Event(), list[int]()

    def submit(*, order_id: int, even_early: bool) -> bool:
        if order_id in wanted:
            served.append(order_id)
            if served == wanted:
                all_done.set()
            return True
        return all_done.wait(timeout=20)  # they hang until the good one's are sent, or for ever

    monkeypatch.setattr(sweep, "submit_order", submit)
    started = time.monotonic()
    sent = submit_orders(now=timezone.now(), in_flight=SUBMITS_IN_FLIGHT)
    assert (served, all_done.is_set(), sent) == (wanted, True, 3 + 8 * 3)
    assert time.monotonic() - started < 20


@pytest.mark.django_db(transaction=True)
def test_a_backlog_of_one_cost_holds_up_no_other_provider(
    store: Store, good: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backlog is longer than the sweep has time for, and older."""
    backlog = {order.pk for order in copies(store.place(), 1000)}
    wanted = [move(store.place(quantity=f"{number}000"), good).pk for number in (1, 2, 3)]
    served = list[int]()

    def submit(*, order_id: int, even_early: bool) -> bool:
        served.append(order_id)
        if order_id in backlog:
            time.sleep(0.02)
        Order.objects.filter(pk=order_id).update(next_attempt_at=timezone.now() + timedelta(minutes=1))
        return True

    monkeypatch.setattr(sweep, "submit_order", submit)
    submit_orders(now=timezone.now(), in_flight=SUBMITS_IN_FLIGHT, until=time.monotonic() + 1)
    assert [pk for pk in served if pk in wanted] == wanted
    assert 0 < len(backlog & set(served)) < 100


def test_many_that_waited_too_long_leave_the_sweep_its_time(store: Store) -> None:
    order = store.place()
    copies(order, EXPIRED_A_SWEEP + 5, queued_at=timezone.now() - timedelta(hours=25), next_attempt_at=None)
    assert expire_queued(now=timezone.now(), until=time.monotonic()) == 0
    swept = sweep_orders(now=timezone.now())
    assert (swept.expired, swept.submitted) == (EXPIRED_A_SWEEP, 1)
    assert store.fresh(order).state == "ACTIVE"
    assert sweep_orders(now=timezone.now()).expired == 5
    assert Attempt.objects.count() == 1
