"""What is under way at a slow or failing provider holds up neither others nor that provider for longer than it must."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders import tasks
from orders.models import Attempt, Order
from orders.submission.due import due_orders, is_for_the_sweep
from orders.submission.record import record_outcome
from orders.submission.sweep import sweep_orders
from providers.adapters.errors import OutcomeUnknown
from providers.availability import circuit_breaker
from providers.models import Provider, UpstreamService
from tests.fixtures_orders import LINK, Store


def test_what_was_under_way_when_the_breaker_opened_opens_it_no_further(store: Store) -> None:
    Provider.objects.update(probing="off")
    sent = [sending(store, number) for number in range(6)]
    for attempt in sent[:5]:
        record_outcome(attempt_id=attempt.pk, outcome=OutcomeUnknown("It broke off."))
    provider = Provider.objects.get()
    assert (provider.trips_in_a_row, provider.unknown_in_a_row) == (1, 5)
    assert provider.breaker_open_until is not None
    assert provider.breaker_open_until <= timezone.now() + circuit_breaker.MIN_OPEN_TIME

    Provider.objects.update(breaker_open_until=timezone.now() - timedelta(seconds=1))
    store.simulator.next("add", "error500_before")
    assert store.active(link=f"{LINK}/try").state == "UNCONFIRMED"
    record_outcome(attempt_id=sent[5].pk, outcome=OutcomeUnknown("It broke off."))
    provider = Provider.objects.get()
    assert provider.trips_in_a_row == 2
    assert provider.breaker_open_until is not None
    assert provider.breaker_open_until > timezone.now() + 2 * circuit_breaker.MIN_OPEN_TIME - timedelta(seconds=20)


def sending(store: Store, number: int, **more: Any) -> Attempt:
    """The attempt of an order that was sent two minutes ago and is under way, unless `more` says otherwise."""
    order, now = store.place(link=f"{LINK}/{number}"), timezone.now()
    Order.objects.filter(pk=order.pk).update(state="SENDING", next_attempt_at=None)
    given = {"started_at": now - timedelta(minutes=2), "lease_until": now + timedelta(seconds=90), **more}
    return Attempt.objects.create(order=order, number=1, provider=order.provider, provider_service="1", **given)


def test_a_wake_up_leaves_a_crowd_at_a_slow_provider_to_the_sweep(store: Store) -> None:
    now, one = timezone.now(), store.place()
    spans = [(-3, 90), (-1, 90), (-1, 90), (-60, -1), (30, 120)]  # the last two: of a dead worker, of a clock ahead
    for number, (start, end) in enumerate(spans):
        times = {"started_at": now + timedelta(seconds=start), "lease_until": now + timedelta(seconds=end)}
        last = sending(store, number, **times)
    assert not is_for_the_sweep(order_id=one.pk, now=now)
    Attempt.objects.filter(pk=last.pk).update(started_at=now)
    assert is_for_the_sweep(order_id=one.pk, now=now)
    tasks.submit_order(one.pk)
    assert (store.fresh(one).state, store.simulator.orders()) == ("QUEUED", [])
    sweep_orders(now=timezone.now())
    assert store.fresh(one).state == "ACTIVE"


@pytest.mark.parametrize(("took", "is_slow"), [(2, False), (3, True)])
def test_a_provider_is_as_slow_as_it_was_last(store: Store, took: int, is_slow: bool) -> None:
    now, accepted, one = timezone.now(), store.active(link=f"{LINK}/before"), store.place()
    long_ago = now - timedelta(hours=1)
    accepted.attempts.update(started_at=long_ago, ended_at=long_ago + timedelta(seconds=took))
    for number in range(4):
        sending(store, number, started_at=now)
    assert is_for_the_sweep(order_id=one.pk, now=now) is is_slow

    elsewhere = Provider.objects.create(name="Slow", url="https://slow.example")
    Attempt.objects.filter(outcome=None).update(provider=elsewhere)
    accepted.attempts.update(provider=elsewhere)
    assert not is_for_the_sweep(order_id=one.pk, now=now)


def test_an_order_stands_behind_one_of_the_cost_that_it_has_today(store: Store) -> None:
    first, second = (store.place(link=f"{LINK}/{number}") for number in range(2))
    UpstreamService.objects.update(rate=Decimal(1))
    store.simulator.next("add", "error500_before")
    assert store.submit(first).state == "UNCONFIRMED"
    assert store.submit(second).state == "QUEUED"
    assert store.fresh(second).expected_cost == 1
    assert not due_orders(now=timezone.now(), even_early=True).exists()
