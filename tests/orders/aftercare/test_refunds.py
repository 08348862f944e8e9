"""Staff give money of a sent order back: exact, upwards only, and what is refused moves nothing."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.refunds import CannotRefundError, full_refund, partial_refund, refund_all, set_partial
from orders.models import Order
from orders.tracking.settle import settle_batch
from panel.ops.models import AuditEvent
from providers.adapters.base import OrderStatus, ReportedStatus
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS

ACTOR = "staff@example.com"
WHO: dict[str, Any] = {"actor": ACTOR, "reason": "a screenshot of theirs"}


@pytest.fixture
def completed(store: Store) -> Order:
    order = store.active()
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    return store.fresh(order)


def say(store: Store, order: Order, word: ReportedStatus, **given: Any) -> Order:
    """The provider says so, an hour from now."""
    later = timezone.now() + timedelta(hours=1)
    answer = OrderStatus(
        order.provider_order_id or "", word, str(word), given.get("charge"), None, given.get("remains"), "USD"
    )
    settle_batch(answers={order.pk: answer}, asked_at=given.get("asked_at", later), now=later)
    return store.fresh(order)


def partial(order: Order, remains: int, agreed: str, **who: Any) -> None:
    set_partial(order_id=order.pk, remains=remains, agreed=Decimal(agreed), **{**WHO, **who})


@pytest.mark.parametrize(("remains", "back"), [(1, "0.00135"), (333, "0.44955"), (1000, "1.35")])
def test_a_running_order_ends_partial_with_its_share_back(store: Store, remains: int, back: str) -> None:
    order = store.active()
    assert partial_refund(order, remains=remains) == Decimal(back)
    partial(order, remains, back)

    order = store.fresh(order)
    assert (order.state, order.remains, order.refunded) == ("PARTIAL", remains, Decimal(back))
    assert order.captured == Decimal("1.35") - Decimal(back)
    assert store.wallet() == Decimal("98.65") + Decimal(back)
    assert order.cost == Decimal("0.9")
    assert order.finished_at is not None
    assert order.next_poll_at is not None
    assert [(e.what, e.actor) for e in order.events.filter(actor=ACTOR)] == [("partial", ACTOR), ("refunded", ACTOR)]
    assert order.events.get(what="partial").reason == f"{remains:,} of 1,000 were not delivered."
    assert order.events.get(what="refunded").reason == WHO["reason"]
    assert audit_all() == []


def test_the_audit_trail_has_before_and_after(store: Store) -> None:
    order = store.active()
    partial(order, 200, "0.27")
    event = AuditEvent.objects.get(action="order partial")
    assert (event.actor, event.target) == (ACTOR, f"order:{order.pk}")
    assert event.detail == {
        "reason": WHO["reason"],
        "before": {"state": "ACTIVE", "refunded": "0", "remains": None, "attention": ""},
        "after": {"state": "PARTIAL", "refunded": "0.27", "remains": 200, "attention": ""},
    }


def test_what_was_delivered_is_given_back_of_from_what_was_earned(store: Store, completed: Order) -> None:
    assert store.money()["revenue"] == Decimal("1.35")
    partial(completed, 100, "0.135")
    partial(completed, 300, "0.27")  # what 300 are worth, less what came back before

    order = store.fresh(completed)
    assert (order.state, order.refunded, order.captured) == ("PARTIAL", Decimal("0.405"), Decimal("0.945"))
    assert store.money()["revenue"] == Decimal("0.945")
    assert store.money()["held"] == 0
    assert order.finished_at == completed.finished_at
    assert audit_all() == []


def test_all_of_it_goes_back_from_every_state_that_was_sent(store: Store, completed: Order) -> None:
    running, half = store.active(link="https://example.com/a"), store.active(link="https://example.com/b")
    partial(half, 500, "0.675")
    for order, back in ((running, "1.35"), (store.fresh(half), "0.675"), (completed, "1.35")):
        assert full_refund(order) == Decimal(back)
        refund_all(order_id=order.pk, agreed=Decimal(back), **WHO)
        ended = store.fresh(order)
        assert (ended.state, ended.refunded, ended.captured) == ("CANCELED", Decimal("1.35"), 0)
        assert ended.cost == Decimal("0.9")
    assert store.wallet() == 100
    assert (store.money()["revenue"], store.money()["held"]) == (0, 0)
    assert AuditEvent.objects.filter(action="order money back").count() == 3
    assert audit_all() == []


def test_what_the_provider_says_afterwards_takes_nothing_and_surprises_nobody(store: Store) -> None:
    order = store.active()
    say(store, order, ReportedStatus.IN_PROGRESS, remains=900, asked_at=timezone.now())
    partial(order, 200, "0.27")

    order = say(store, order, ReportedStatus.IN_PROGRESS, remains=700, charge=Decimal("0.9"))
    assert (order.state, order.remains, order.refunded, order.attention) == ("PARTIAL", 200, Decimal("0.27"), "")
    Order.objects.update(applied_at=None)
    order = say(store, order, ReportedStatus.PARTIAL, remains=100, charge=Decimal("0.81"))
    assert (order.state, order.refunded, order.cost) == ("PARTIAL", Decimal("0.27"), Decimal("0.81"))
    Order.objects.update(applied_at=None)
    order = say(store, order, ReportedStatus.COMPLETED, remains=0)
    assert (order.state, order.refunded, order.attention) == ("PARTIAL", Decimal("0.27"), "reopened by the provider")
    Order.objects.update(applied_at=None)
    order = say(store, order, ReportedStatus.PARTIAL, remains=400)
    assert (order.state, order.refunded) == ("PARTIAL", Decimal("0.54"))
    assert audit_all() == []


def test_a_canceled_order_that_is_delivered_after_all_is_for_a_person(store: Store) -> None:
    order = store.active()
    refund_all(order_id=order.pk, agreed=Decimal("1.35"), **WHO)
    order = say(store, order, ReportedStatus.IN_PROGRESS, remains=10)
    assert (order.state, order.attention) == ("CANCELED", "")
    Order.objects.update(applied_at=None)
    order = say(store, order, ReportedStatus.COMPLETED, charge=Decimal("0.9"))
    assert (order.state, order.attention) == ("CANCELED", "reopened by the provider")
    assert (order.refunded, order.cost) == (Decimal("1.35"), Decimal("0.9"))
    assert audit_all() == []


def test_an_answer_that_was_asked_for_before_is_dropped(store: Store) -> None:
    order = store.active()
    asked: datetime = timezone.now()
    partial(order, 200, "0.27")
    order = say(store, order, ReportedStatus.COMPLETED, remains=0, asked_at=asked)
    assert (order.state, order.remains, order.attention) == ("PARTIAL", 200, "")


@pytest.mark.parametrize(
    ("remains", "agreed", "reason", "said"),
    [
        (0, "0", "why", "quantity from 1 to 1,000"),
        (-5, "0", "why", "quantity from 1 to 1,000"),
        (1001, "1.35", "why", "quantity from 1 to 1,000"),
        (200, "0.26", "why", "The order has changed: 0.27 USD would be refunded now."),
        (200, "0.27", " ", "Enter a reason"),
    ],
)
def test_a_partial_that_is_refused_moves_nothing(
    store: Store, remains: int, agreed: str, reason: str, said: str
) -> None:
    order = store.active()
    before = store.everything()
    with pytest.raises(CannotRefundError, match=said):
        partial(order, remains, agreed, reason=reason)
    assert store.everything() == before
    assert AuditEvent.objects.count() == 0


def test_less_than_was_given_back_is_refused(store: Store, completed: Order) -> None:
    partial(completed, 300, "0.405")
    before = store.everything()
    for remains in (1, 299, 300):
        with pytest.raises(CannotRefundError, match="At least this much is already refunded"):
            partial(completed, remains, "0.405")
    assert store.everything() == before


@pytest.mark.parametrize("state", ["QUEUED", "UNCONFIRMED", "CANCELED"])
def test_only_what_was_sent_is_given_back_of(store: Store, state: str) -> None:
    if state == "UNCONFIRMED":
        store.simulator.next("add", "reset_after_create")
        order = store.active()
    else:
        order = store.place() if state == "QUEUED" else store.active()
    if state == "CANCELED":
        refund_all(order_id=order.pk, agreed=Decimal("1.35"), **WHO)
    before = store.everything()
    said = "This order is already refunded in full" if state == "CANCELED" else "This order is not known to be sent"
    with pytest.raises(CannotRefundError, match=said):
        refund_all(order_id=order.pk, agreed=Decimal("1.35"), **WHO)
    with pytest.raises(CannotRefundError, match=said):
        partial(order, 200, "0.27")
    assert store.everything() == before
