"""A clock that was ahead for a moment: what it has set is waited for no longer than anything is."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.cancel_jobs import poll_cancels
from orders.aftercare.cancels import request_cancel
from orders.aftercare.refill_jobs import poll_refills
from orders.models import Attempt, Cancellation, Order, Refill
from orders.operations.future_times import reset_future_times
from orders.rules.polling_interval import POLLS_AFTER_END, next_poll
from orders.rules.states import State
from orders.submission.submit import submit_order
from orders.submission.sweep import reap_attempts
from orders.tracking.poll import poll_order, poll_provider, providers_due
from orders.unconfirmed.decisions import CannotResolveError, refund_unconfirmed
from tests.fixtures_orders import Store
from tests.orders.filled import fill_orders

pytestmark = pytest.mark.django_db

AHEAD = timedelta(days=30)
LEASE = timedelta(seconds=settings.LEASE_SECONDS)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def test_an_order_that_was_looked_at_ahead_is_followed_again(store: Store, clock: time_machine.Traveller) -> None:
    order = store.active()
    clock.shift(AHEAD)
    store.poll()
    clock.shift(-AHEAD)
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=400)
    assert providers_due(now=timezone.now()) == []

    assert reset_future_times(now=timezone.now()) == 1
    assert reset_future_times(now=timezone.now()) == 0
    assert poll_provider(provider=store.provider).changed == 1
    order = store.fresh(order)
    assert (order.state, order.refunded) == ("PARTIAL", Decimal("0.54"))
    assert audit_all() == []


def test_staff_need_not_wait_to_update_such_an_order(store: Store, clock: time_machine.Traveller) -> None:
    order = store.active()
    clock.shift(AHEAD)
    store.simulator.set_order(order.provider_order_id, status="In progress", remains=900)
    store.poll()
    clock.shift(-AHEAD)
    store.simulator.set_order(order.provider_order_id, status="Canceled", remains=1000)
    poll_order(order_id=order.pk)
    assert store.fresh(order).state == "CANCELED"


def test_an_order_that_ended_ahead_is_asked_about_again_as_after_any_end() -> None:
    now = timezone.now()
    at: Callable[[datetime], datetime | None] = lambda end: next_poll(  # noqa: E731
        state=State.COMPLETED, sent_at=now, finished_at=end, now=now
    )
    assert at(now + AHEAD) == at(now) == now + POLLS_AFTER_END[0]


def test_times_that_are_right_are_left_alone(store: Store) -> None:
    active, queued = store.active(), store.place(quantity="2000")
    now = timezone.now()
    Order.objects.filter(pk=active.pk).update(next_poll_at=now + timedelta(minutes=30))
    Order.objects.filter(pk=queued.pk).update(next_attempt_at=now + timedelta(minutes=10))
    (ended,) = fill_orders(store, 1, state=State.COMPLETED)
    Order.objects.filter(pk=ended.pk).update(next_poll_at=now + timedelta(days=16))
    before = list(Order.objects.order_by("pk").values())
    assert reset_future_times(now=now) == 0
    assert list(Order.objects.order_by("pk").values()) == before


def test_an_order_that_was_put_off_ahead_is_sent(store: Store) -> None:
    order = store.place()
    now = timezone.now()
    Order.objects.filter(pk=order.pk).update(next_attempt_at=now + AHEAD, queued_at=now + AHEAD)
    assert submit_order(order_id=order.pk) is False
    assert reset_future_times(now=now) == 2
    assert store.fresh(order).queued_at == now
    assert submit_order(order_id=order.pk) is True


@pytest.mark.parametrize("started", [timedelta(), AHEAD])
def test_an_attempt_is_given_a_whole_lease_before_it_is_doubted(
    store: Store, clock: time_machine.Traveller, started: timedelta
) -> None:
    """Its worker may still send: for a lease from now on nobody takes the order from it."""
    order, now = store.place(), timezone.now()
    Order.objects.filter(pk=order.pk).update(state="SENDING", next_attempt_at=None)
    Attempt.objects.create(order=order, number=1, started_at=now + started, lease_until=now + AHEAD + LEASE)
    assert reap_attempts(now=now) == 0

    assert reset_future_times(now=now) == 1
    clock.shift(LEASE - timedelta(seconds=1))
    assert (reset_future_times(now=timezone.now()), reap_attempts(now=timezone.now())) == (0, 0)
    assert store.fresh(order).state == "SENDING"
    clock.shift(timedelta(seconds=1))
    assert reap_attempts(now=timezone.now()) == 1
    assert store.fresh(order).state == "UNCONFIRMED"
    assert (store.wallet(), len(store.simulator.orders())) == (Decimal("98.65"), 0)


def test_a_person_decides_a_doubt_of_such_an_attempt_after_a_whole_lease(
    store: Store, clock: time_machine.Traveller
) -> None:
    store.simulator.next("add", "reset_before_create")
    order = store.active()
    order.attempts.update(lease_until=timezone.now() + AHEAD)
    reset_future_times(now=timezone.now())
    with pytest.raises(CannotResolveError, match="may still answer"):
        refund_unconfirmed(order_id=order.pk, actor="staff", reason="a test")
    clock.shift(LEASE)
    refund_unconfirmed(order_id=order.pk, actor="staff", reason="a test")
    assert store.fresh(order).state == "REJECTED"


def test_a_missing_order_is_flagged_an_hour_after_it_was_missed_by_the_right_clock(
    store: Store, clock: time_machine.Traveller
) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(misses=4, missed_since=timezone.now() + AHEAD)
    store.simulator.next("status", "missing_ids", times=9)
    store.poll()
    assert store.fresh(order).missed_since == timezone.now()
    clock.shift(timedelta(hours=1))
    store.poll()
    assert store.fresh(order).attention == "missing at the provider"


REFILLS = [
    ("wanted", timedelta(), 1),
    ("sending", timedelta(hours=24), 1),
    ("unknown", timedelta(hours=24), 1),
    ("pending", timedelta(), 0),
]


@pytest.mark.parametrize(("state", "rests", "asked"), REFILLS)
def test_a_refill_that_waits_ahead_goes_on(
    store: Store, clock: time_machine.Traveller, state: str, rests: timedelta, asked: int
) -> None:
    """What may have been passed on is left alone for a day, as after any answer that was lost."""
    (order,) = fill_orders(store, 1, state=State.COMPLETED)
    now = timezone.now()
    refill = Refill.objects.create(order=order, state=state, provider_refill_id="5", next_at=now + AHEAD, tries=1)
    assert reset_future_times(now=now) == 1
    refill.refresh_from_db()
    assert refill.next_at == now + rests
    clock.shift(rests)
    assert poll_refills(now=timezone.now()).requested == asked
    assert reset_future_times(now=timezone.now()) == 0


@pytest.mark.parametrize(("state", "rests"), [("wanted", 0), ("sending", 10), ("unknown", 10)])
def test_a_cancel_that_waits_ahead_goes_on(store: Store, clock: time_machine.Traveller, state: str, rests: int) -> None:
    order = store.active()
    request_cancel(order_id=order.pk, actor="ada@example.com")
    Cancellation.objects.update(state=state, next_at=timezone.now() + AHEAD)
    assert poll_cancels(now=timezone.now()).requested == 0
    assert reset_future_times(now=timezone.now()) == 1
    clock.shift(timedelta(minutes=rests))
    assert poll_cancels(now=timezone.now()).accepted == 1
