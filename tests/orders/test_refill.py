"""Refills: asked for once, passed on in batches, followed to their end; no money moves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Order, Refill
from orders.refill import CannotRefillError, request_refill
from orders.refill_jobs import poll_refills
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS, PLAIN_SERVICE


@pytest.fixture
def completed(store: Store) -> Order:
    order = store.active()
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    return store.fresh(order)


def test_a_refill_is_passed_on_and_followed(store: Store, completed: Order) -> None:
    before = store.money()
    refill = request_refill(order=completed, actor="ada@example.com")
    asked = poll_refills(now=timezone.now())
    refill.refresh_from_db()
    assert (asked.requested, refill.state) == (1, "pending")
    assert refill.provider_refill_id
    assert poll_refills(now=timezone.now()).read == 0

    store.simulator.advance(ORDER_SECONDS * 100)
    assert poll_refills(now=timezone.now() + timedelta(hours=1)).read == 1
    refill.refresh_from_db()
    assert (refill.state, refill.next_at) == ("completed", None)
    assert store.money() == before
    assert [event.what for event in completed.events.order_by("pk")][-2:] == ["refill", "refilled"]


def test_one_at_a_time(store: Store, completed: Order) -> None:
    request_refill(order=completed, actor="ada@example.com")
    with pytest.raises(CannotRefillError, match="under way"):
        request_refill(order=completed, actor="ada@example.com")

    assert Refill.objects.count() == 1


def test_what_cannot_be_refilled(store: Store) -> None:
    running = store.active()
    plain = store.active(PLAIN_SERVICE)
    for order in (running, plain):
        with pytest.raises(CannotRefillError, match="cannot be refilled"):
            request_refill(order=order, actor="ada@example.com")

    assert Refill.objects.count() == 0


def test_an_answer_that_was_lost_is_not_asked_again_for_a_day(store: Store, completed: Order) -> None:
    refill = request_refill(order=completed, actor="ada@example.com")
    store.simulator.next("refill", "error500_after")
    assert poll_refills(now=timezone.now()).failed_requests == 1
    refill.refresh_from_db()
    assert refill.state == "unknown"
    assert poll_refills(now=timezone.now() + timedelta(hours=23)).requested == 0
    assert len(store.simulator.requests("refill")) == 1


def test_a_refused_refill_is_told(store: Store, completed: Order) -> None:
    refill = request_refill(order=completed, actor="ada@example.com")
    store.simulator.next("refill", "error_entries")
    poll_refills(now=timezone.now())
    refill.refresh_from_db()

    assert (refill.state, bool(refill.why)) == ("rejected", True)
    assert request_refill(order=completed, actor="ada@example.com").pk != refill.pk


def test_batches_hold_a_hundred(store: Store) -> None:
    orders = [store.active(link=f"https://example.com/{number}", quantity="50") for number in range(103)]
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    for order in orders:
        request_refill(order=store.fresh(order), actor="ada@example.com")

    assert poll_refills(now=timezone.now()).requested == 103
    assert store.simulator.requests("refill") == [100, 3]
    assert poll_refills(now=timezone.now() + timedelta(hours=1)).read == 103
    assert store.simulator.requests("refill_status") == [100, 3]
