"""Asking for refills: one at a time, by the rule, with nothing moved."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.aftercare.refills import CannotRefillError, request_refill
from orders.models import Order, Refill
from providers.catalog.models import Service
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS, PLAIN_SERVICE

ADA = "ada@example.com"


@pytest.fixture
def completed(store: Store) -> Order:
    order = store.active()
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    return store.fresh(order)


def refused(order: Order) -> str:
    """What the customer is told; nothing is written."""
    before = (Refill.objects.count(), order.events.count())
    with pytest.raises(CannotRefillError) as caught:
        request_refill(order=order, actor=ADA)
    assert (Refill.objects.count(), order.events.count()) == before
    return str(caught.value)


def test_the_wish_is_noted(store: Store, completed: Order) -> None:
    before = store.everything()
    refill = request_refill(order=completed, actor=ADA)
    event = completed.events.latest("pk")
    assert (refill.order_id, refill.state, refill.tries, refill.asked_at) == (completed.pk, "wanted", 0, None)
    assert (event.what, event.actor) == ("refill", ADA)
    assert store.everything() == before
    assert store.simulator.requests("refill") == []


def test_one_at_a_time(completed: Order) -> None:
    request_refill(order=completed, actor=ADA)
    assert refused(completed) == "A refill is already in progress."


def test_what_cannot_be_refilled(store: Store) -> None:
    assert refused(store.active()) == "You can request a refill once the order is completed."
    assert refused(store.active(PLAIN_SERVICE)) == "Refills are not available for this service."


def test_another_one_a_day_later(completed: Order) -> None:
    asked_at = timezone.now() - timedelta(hours=23)
    last = Refill.objects.create(order=completed, state="completed", created_at=asked_at, next_at=None)
    day = f"{asked_at + timedelta(hours=24):%-d %b %Y, %H:%M} UTC"
    assert refused(completed) == f"A refill was requested recently. Try again from {day}."
    Refill.objects.filter(pk=last.pk).update(created_at=asked_at - timedelta(hours=1))
    assert request_refill(order=completed, actor=ADA).pk != last.pk


def test_no_wait_where_the_shop_wants_none(completed: Order, settings: object) -> None:
    settings.REFILL_WAIT_SECONDS = 0  # type: ignore[attr-defined]
    Refill.objects.create(order=completed, state="rejected", next_at=None)
    assert request_refill(order=completed, actor=ADA).state == "wanted"


def test_not_after_the_services_window(completed: Order) -> None:
    Service.objects.filter(pk=completed.service_id).update(refill_days=30)
    ended = timezone.now() - timedelta(days=31)
    Order.objects.filter(pk=completed.pk).update(finished_at=ended)
    day = f"{ended + timedelta(days=30):%-d %b %Y, %H:%M} UTC"
    assert refused(completed) == f"The refill period of 30 days ended on {day}."
    Order.objects.filter(pk=completed.pk).update(finished_at=ended + timedelta(days=2))
    assert request_refill(order=completed, actor=ADA).state == "wanted"
