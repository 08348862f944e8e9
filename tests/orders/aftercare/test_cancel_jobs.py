"""Passing cancels on: batches, every kind of answer, and money that moves with the order's status alone."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.cancel_jobs import poll_cancels
from orders.aftercare.cancels import ask_for_cancels, request_cancel
from orders.models import Cancellation, Order
from panel.ops.models import Alert
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS
from tests.orders.filled import fill_orders

ADA = "ada@example.com"
D = Decimal


@pytest.fixture
def order(store: Store) -> Order:
    """An order at the provider whose cancel is asked for."""
    order = store.active()
    request_cancel(order_id=order.pk, actor=ADA)
    return order


def want(store: Store, count: int) -> list[Order]:
    orders = fill_orders(store, count)
    ask_for_cancels(order_ids=[order.pk for order in orders], actor=ADA, now=timezone.now())
    return orders


def wish() -> Cancellation:
    return Cancellation.objects.get()


def later(**span: float) -> datetime:
    return timezone.now() + timedelta(**span)


def told(order: Order) -> list[str]:
    events = order.events.filter(what__startswith="cancel").order_by("pk")
    return list(events.values_list("what", flat=True))


def test_accepted_moves_nothing_and_canceled_gives_everything_back(store: Store, order: Order) -> None:
    before = store.money()
    done = poll_cancels(now=timezone.now())
    assert (done.requested, done.accepted, done.closed, done.failed_requests) == (1, 1, 0, 0)
    assert (wish().state, wish().next_at, wish().ended_at) == ("asked", None, None)
    assert (store.fresh(order).state, store.money()) == ("ACTIVE", before)
    assert poll_cancels(now=later(days=1), everything=True).requested == 0

    store.poll()
    assert (store.fresh(order).state, store.wallet(), wish().state) == ("CANCELED", D(100), "asked")
    assert poll_cancels(now=timezone.now()).closed == 1
    assert wish().state == "done"
    assert wish().ended_at is not None
    assert told(order) == ["cancel asked", "cancel taken", "canceled"]
    assert audit_all() == []


def test_what_was_delivered_by_then_is_paid_for(store: Store, order: Order) -> None:
    store.simulator.advance(ORDER_SECONDS * 0.55)  # half of it
    poll_cancels(now=timezone.now())
    store.poll()
    order = store.fresh(order)
    assert (order.state, order.remains, order.refunded) == ("PARTIAL", 500, D("0.675"))
    assert poll_cancels(now=timezone.now()).closed == 1
    assert wish().state == "done"
    assert audit_all() == []


def test_one_that_came_too_late_says_so(store: Store, order: Order) -> None:
    store.simulator.next("cancel", "error500")
    poll_cancels(now=timezone.now())
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    paid = store.money()
    assert poll_cancels(now=later(minutes=11)).closed == 1
    assert (wish().state, store.money()) == ("too late", paid)
    assert (store.fresh(order).state, store.wallet()) == ("COMPLETED", D("98.65"))
    assert told(order) == ["cancel asked", "cancel late"]
    assert store.simulator.requests("cancel") == [1]


def test_two_hundred_and_fifty_go_in_batches_of_a_hundred(store: Store) -> None:
    want(store, 250)
    done = poll_cancels(now=timezone.now())
    assert (done.requested, done.accepted) == (250, 250)
    assert store.simulator.requests("cancel") == [100, 100, 50]
    assert Cancellation.objects.filter(state="asked").count() == 250
    assert {row["status"] for row in store.simulator.orders()} == {"Canceled"}


def test_a_batch_takes_as_many_statements_however_many_it_holds(store: Store) -> None:
    counts = []
    for count in (2, 100):
        want(store, count)
        with CaptureQueriesContext(connection) as queries:
            poll_cancels(now=timezone.now())
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_refusal_is_that_ones_alone(store: Store) -> None:
    orders = want(store, 3)
    store.simulator.set_order(orders[1].provider_order_id or "", status="Completed")
    assert poll_cancels(now=timezone.now()).accepted == 2
    assert list(Cancellation.objects.order_by("pk").values_list("state", "reason")) == [
        ("asked", ""),
        ("refused", "Cancel is not available for this order"),
        ("asked", ""),
    ]
    assert told(orders[1]) == ["cancel asked", "cancel refused"]


def test_one_that_is_left_out_is_asked_again(store: Store) -> None:
    want(store, 3)
    store.simulator.next("cancel", "missing_ids")
    poll_cancels(now=timezone.now())
    states = Cancellation.objects.order_by("pk").values_list("state", "tries")
    assert list(states) == [("unknown", 1), ("unknown", 1), ("asked", 0)]


def test_one_word_for_all_of_them(store: Store) -> None:
    want(store, 3)
    store.simulator.next("cancel", "single_true")
    assert poll_cancels(now=timezone.now()).accepted == 3


@pytest.mark.parametrize("fault", ["busy429", "maintenance", "invalid_key"])
def test_what_was_provably_not_passed_on_waits_a_little(store: Store, order: Order, fault: str) -> None:
    store.simulator.next("cancel", fault)
    assert poll_cancels(now=timezone.now()).failed_requests == 1
    assert (wish().state, wish().tries) == ("wanted", 0)
    assert poll_cancels(now=later(minutes=4)).requested == 0
    assert poll_cancels(now=later(minutes=6)).accepted == 1


def test_three_tries_ten_minutes_apart_then_it_says_so(store: Store, order: Order) -> None:
    store.simulator.next("cancel", "error500", times=3)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for minutes in (9, 2, 11, 11, 600):
            poll_cancels(now=timezone.now())
            clock.shift(timedelta(minutes=minutes))
    assert store.simulator.requests("cancel") == [1, 1, 1]
    assert (wish().state, wish().tries, wish().next_at, wish().reason) == ("unknown", 3, None, "HTTP 500.")
    assert told(order) == ["cancel asked", "cancel unanswered"]
    alert = Alert.objects.get(subject=f"requests:{store.provider.pk}")
    assert alert.closed_at is None

    store.simulator.set_order(order.provider_order_id or "", status="Canceled")
    store.poll()
    assert poll_cancels(now=timezone.now()).closed == 1
    alert.refresh_from_db()
    assert (wish().state, store.wallet()) == ("done", D(100))
    assert alert.closed_at is not None


def test_a_refusal_after_a_lost_answer_proves_nothing(store: Store, order: Order) -> None:
    """The first request was taken; to the second the provider says that there is nothing to cancel."""
    store.simulator.next("cancel", "reset_after")
    poll_cancels(now=timezone.now())
    assert (wish().state, wish().tries) == ("unknown", 1)
    poll_cancels(now=later(minutes=11))
    assert (wish().state, wish().reason) == ("unknown", "Cancel is not available for this order")
    assert poll_cancels(now=later(days=1)).requested == 0

    store.poll()
    assert poll_cancels(now=timezone.now()).closed == 1
    assert (wish().state, store.wallet()) == ("done", D(100))
    assert audit_all() == []


@pytest.mark.parametrize(("fault", "minutes"), [("busy429", 6), ("maintenance", 6)])
def test_a_lost_answer_is_remembered_while_the_provider_is_busy(
    store: Store, order: Order, fault: str, minutes: int
) -> None:
    store.simulator.next("cancel", "reset_after")
    poll_cancels(now=timezone.now())
    store.simulator.next("cancel", fault)
    poll_cancels(now=later(minutes=11))
    assert (wish().state, wish().tries) == ("unknown", 1)
    with time_machine.travel(later(minutes=11 + minutes)):
        poll_cancels(now=timezone.now())
    assert (wish().state, wish().next_at, wish().reason) == ("unknown", None, "Cancel is not available for this order")


def test_a_wish_for_an_order_in_doubt_waits_until_it_is_known_to_be_placed(store: Store) -> None:
    store.simulator.next("add", "error500_after")
    order = store.submit(store.place())
    request_cancel(order_id=order.pk, actor=ADA)
    assert poll_cancels(now=timezone.now(), everything=True).requested == 0
    Order.objects.filter(pk=order.pk).update(
        state="ACTIVE", provider_order_id=store.simulator.orders()[0]["id"], next_poll_at=timezone.now()
    )
    assert poll_cancels(now=timezone.now()).accepted == 1


def test_an_old_order_is_looked_at_soon_after_it_was_accepted(store: Store, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(next_poll_at=later(minutes=30))
    poll_cancels(now=timezone.now())
    looked = store.fresh(order).next_poll_at
    assert looked is not None
    assert timedelta(0) < looked - timezone.now() <= timedelta(seconds=60)


def test_a_worker_that_died_leaves_it_to_the_next(store: Store, order: Order) -> None:
    Cancellation.objects.update(state="sending", tries=1, next_at=later(minutes=10))
    assert poll_cancels(now=later(minutes=9)).requested == 0
    assert poll_cancels(now=later(minutes=11)).accepted == 1
