"""What ended with its money back is ordered once more: a new order at today's price, one for however many clicks."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.cancels import request_cancel
from orders.models import Order
from orders.placing.reorder import CannotReorderError, ordered_as, price_now, reorder
from panel.customers.suspension import suspend
from panel.ops.models import AuditEvent
from panel.wallet import ledger
from providers.catalog.models import Service
from tests.fixtures_orders import LINK, Store

ACTOR = "staff@example.com"
WHO: dict[str, Any] = {"actor": ACTOR, "reason": "their link was private"}


@pytest.fixture
def canceled(store: Store) -> Order:
    order = store.place()
    request_cancel(order_id=order.pk, actor="ada@example.com")
    return store.fresh(order)


def test_it_is_a_new_order_and_both_tell_of_each_other(store: Store, canceled: Order) -> None:
    assert price_now(canceled) == Decimal("1.35")
    placement = reorder(order_id=canceled.pk, agreed=Decimal("1.35"), **WHO)

    new = store.fresh(placement.order)
    assert (placement.is_new, new.state, new.charge) == (True, "QUEUED", Decimal("1.35"))
    assert (new.customer_id, new.service_id, new.link, new.quantity) == (
        canceled.customer_id, canceled.service_id, LINK, 1000,
    )  # fmt: skip
    assert store.wallet() == Decimal("98.65")
    assert store.fresh(canceled).state == "CANCELED"
    assert canceled.events.get(what="ordered again").reason == f"Reordered as order #{new.pk}: their link was private"
    assert new.events.get(what="is again").reason == f"Reorder of order #{canceled.pk}: their link was private"
    assert ordered_as(canceled) == new.pk
    event = AuditEvent.objects.get(action="reorder")
    assert (event.actor, event.target, event.detail["order"], event.detail["charge"]) == (
        ACTOR, f"order:{canceled.pk}", new.pk, "1.35",
    )  # fmt: skip
    assert audit_all() == []


def test_a_second_click_is_the_same_order(store: Store, canceled: Order) -> None:
    first = reorder(order_id=canceled.pk, agreed=Decimal("1.35"), **WHO)
    before = store.everything()
    second = reorder(order_id=canceled.pk, agreed=Decimal("1.35"), **WHO)
    assert (second.is_new, second.order.pk) == (False, first.order.pk)
    assert store.everything() == before
    assert AuditEvent.objects.filter(action="reorder").count() == 1


def test_a_second_click_is_the_same_order_when_nothing_could_be_ordered_any_more(store: Store, canceled: Order) -> None:
    first = reorder(order_id=canceled.pk, agreed=Decimal("1.35"), **WHO)
    Service.objects.update(is_enabled=False)
    suspend(customer=store.customer, reason="chargeback", actor=ACTOR, now=timezone.now())
    before = store.everything()
    second = reorder(order_id=canceled.pk, agreed=Decimal("1.35"), **WHO)
    assert (second.is_new, second.order.pk) == (False, first.order.pk)
    assert store.everything() == before


def test_a_dearer_price_is_refused(store: Store, canceled: Order) -> None:
    Service.objects.filter(pk=canceled.service_id).update(rate=Decimal(2))
    before = store.everything()
    with pytest.raises(CannotReorderError, match=r"The price has changed: this order now costs \$2.00"):
        reorder(order_id=canceled.pk, agreed=Decimal("1.35"), **WHO)
    assert store.everything() == before
    assert price_now(canceled) == 2


def test_what_the_wallet_does_not_hold_is_refused(store: Store, canceled: Order) -> None:
    ledger.debit_wallet(user=store.customer, amount=Decimal(99), key="adjust:x", note="test")
    before = store.everything()
    with pytest.raises(CannotReorderError, match="balance is too low"):
        reorder(order_id=canceled.pk, agreed=Decimal("1.35"), **WHO)
    assert store.everything() == before


def test_a_frozen_customer_and_a_missing_reason_are_refused(store: Store, canceled: Order) -> None:
    before = store.everything()
    with pytest.raises(CannotReorderError, match="Enter a reason"):
        reorder(order_id=canceled.pk, agreed=Decimal("1.35"), actor=ACTOR, reason=" ")
    suspend(customer=store.customer, reason="chargeback", actor=ACTOR, now=timezone.now())
    with pytest.raises(CannotReorderError, match="The customer is suspended"):
        reorder(order_id=canceled.pk, agreed=Decimal("1.35"), **WHO)
    assert store.everything() == before


def test_an_order_that_kept_any_money_is_not_sent_again(store: Store) -> None:
    order = store.active()
    before = store.everything()
    with pytest.raises(CannotReorderError, match="ended with a full refund"):
        reorder(order_id=order.pk, agreed=Decimal("1.35"), **WHO)
    assert store.everything() == before


def test_a_service_off_sale_is_refused(store: Store, canceled: Order) -> None:
    Service.objects.update(is_enabled=False)
    before = store.everything()
    with pytest.raises(CannotReorderError, match="isn't available"):
        reorder(order_id=canceled.pk, agreed=Decimal("1.35"), **WHO)
    with pytest.raises(CannotReorderError, match="isn't available"):
        price_now(canceled)
    assert store.everything() == before
