"""Staff have a provider asked for one order now: it is settled as the poller would, and the audit trail knows."""

from decimal import Decimal

import pytest

from orders.accounting.audit import audit_all
from orders.models import Order
from orders.tracking.poll import CannotAskError
from orders.tracking.refresh_order import refresh_order
from panel.ops.models import AuditEvent
from providers.adapters.base import OrderStatus
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS

ACTOR = "staff@example.com"


def test_it_is_asked_for_at_once_though_it_is_not_due(store: Store) -> None:
    order, other = store.active(), store.active(link="https://example.com/other", quantity="2000")
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=500, charge="0.45")
    looked = refresh_order(order_id=order.pk, actor=ACTOR)

    assert isinstance(looked.answer, OrderStatus)
    assert (looked.answer.raw, looked.answer.remains) == ("Partial", 500)
    assert (looked.before.state, looked.after.state) == ("ACTIVE", "PARTIAL")
    assert (looked.after.refunded, looked.after.cost) == (Decimal("0.675"), Decimal("0.45"))
    assert sum(store.simulator.requests("status")) == 1
    assert store.fresh(other).applied_at is None
    event = AuditEvent.objects.get(action="order update")
    assert (event.actor, event.target) == (ACTOR, f"order:{order.pk}")
    assert (event.detail["before"]["state"], event.detail["after"]["refunded"]) == ("ACTIVE", "0.675")
    assert audit_all() == []


def test_one_that_is_followed_no_more_is_asked_for_as_well(store: Store) -> None:
    order = store.active()
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    Order.objects.update(next_poll_at=None)
    store.simulator.set_order(order.provider_order_id, status="Canceled", charge="0")
    looked = refresh_order(order_id=order.pk, actor=ACTOR)
    assert (looked.before.state, looked.after.state) == ("COMPLETED", "CANCELED")
    assert looked.after.refunded == Decimal("1.35")
    assert store.wallet() == 100
    assert audit_all() == []


def test_the_same_answer_twice_moves_nothing(store: Store) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=500, charge="0.45")
    refresh_order(order_id=order.pk, actor=ACTOR)
    before = store.money()
    looked = refresh_order(order_id=order.pk, actor=ACTOR)
    assert looked.before.refunded == looked.after.refunded == Decimal("0.675")
    assert store.money() == before


def test_a_provider_that_does_not_answer_is_told_and_nothing_moves(store: Store) -> None:
    order = store.active()
    before = store.money()
    store.simulator.next("status", "error503", times=3)
    with pytest.raises(CannotAskError, match="The provider could not be asked"):
        refresh_order(order_id=order.pk, actor=ACTOR)
    after = store.fresh(order)
    assert (store.money(), after.state, after.misses) == (before, "ACTIVE", 0)
    assert AuditEvent.objects.count() == 0


def test_what_has_no_number_there_cannot_be_asked_for(store: Store) -> None:
    order = store.place()
    before = store.everything()
    with pytest.raises(CannotAskError, match="gave it no number"):
        refresh_order(order_id=order.pk, actor=ACTOR)
    assert store.everything() == before
    assert sum(store.simulator.requests("status")) == 0
