"""What a person decides of an order in doubt."""

from decimal import Decimal

import pytest

from orders.accounting.audit import audit_all
from orders.models import Order
from orders.unconfirmed.decisions import (
    CannotResolveError,
    clear_flag,
    confirm_placed,
    refund_unconfirmed,
    requeue_order,
)
from panel.ops.models import Alert, AuditEvent
from tests.fixtures_orders import LINK, Store

ACTOR = "staff@example.com"


@pytest.fixture
def doubtful(store: Store) -> Order:
    """An order the provider took, whose answer was lost."""
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    assert order.state == "UNCONFIRMED"
    store.let_lease_end(order)
    return order


def test_it_was_placed(store: Store, doubtful: Order) -> None:
    (bought,) = store.simulator.created(LINK)
    confirm_placed(order_id=doubtful.pk, provider_order_id=bought["id"], actor=ACTOR, reason="seen in their panel")
    order = store.fresh(doubtful)

    assert (order.state, order.provider_order_id, order.cost) == ("ACTIVE", bought["id"], Decimal("0.9"))
    assert AuditEvent.objects.get().target == f"order:{order.pk}"
    assert not Alert.objects.filter(closed_at=None, subject__startswith="doubtful").exists()
    assert audit_all() == []


def test_it_was_not_placed_sends_again(store: Store, doubtful: Order) -> None:
    requeue_order(order_id=doubtful.pk, actor=ACTOR, reason="not in their panel")
    assert store.fresh(doubtful).state == "QUEUED"
    order = store.submit(doubtful)

    assert order.state == "ACTIVE"
    assert [attempt.outcome for attempt in order.attempts.order_by("number")] == ["absent", "placed"]
    assert audit_all() == []


def test_the_money_goes_back(store: Store, doubtful: Order) -> None:
    refund_unconfirmed(order_id=doubtful.pk, actor=ACTOR, reason="the customer asked")

    assert store.fresh(doubtful).state == "REJECTED"
    assert store.wallet() == 100
    assert audit_all() == []


def test_an_id_the_provider_does_not_know(store: Store, doubtful: Order) -> None:
    before = store.everything()

    with pytest.raises(CannotResolveError, match="does not know this ID"):
        confirm_placed(order_id=doubtful.pk, provider_order_id="999999", actor=ACTOR, reason="a guess")

    assert store.everything() == before


def test_an_id_that_belongs_to_another_order(store: Store, doubtful: Order) -> None:
    other = store.active(link="https://example.com/other", quantity="2000")
    before = store.everything()

    with pytest.raises(CannotResolveError, match="another order"):
        confirm_placed(
            order_id=doubtful.pk, provider_order_id=other.provider_order_id or "", actor=ACTOR, reason="a mix-up"
        )

    assert store.everything() == before
    assert AuditEvent.objects.count() == 0


def test_a_provider_that_cannot_be_asked(store: Store, doubtful: Order) -> None:
    before = store.everything()
    store.simulator.next("status", "error503", times=2)

    with pytest.raises(CannotResolveError, match="could not be asked"):
        confirm_placed(order_id=doubtful.pk, provider_order_id="1", actor=ACTOR, reason="seen")

    assert store.everything() == before


def test_a_verdict_waits_for_the_lease_and_needs_a_reason(store: Store) -> None:
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    before = store.everything()

    with pytest.raises(CannotResolveError, match="may still answer"):
        refund_unconfirmed(order_id=order.pk, actor=ACTOR, reason="now")
    store.let_lease_end(order)
    with pytest.raises(CannotResolveError, match="Enter a reason"):
        refund_unconfirmed(order_id=order.pk, actor=ACTOR, reason=" ")

    assert store.everything() == before


@pytest.mark.parametrize("verdict", [refund_unconfirmed, requeue_order])
def test_a_verdict_is_given_once(store: Store, doubtful: Order, verdict: object) -> None:
    verdict(order_id=doubtful.pk, actor=ACTOR, reason="first")  # type: ignore[operator]
    before = store.everything()

    for again in (refund_unconfirmed, requeue_order):
        with pytest.raises(CannotResolveError, match="no longer unconfirmed"):
            again(order_id=doubtful.pk, actor=ACTOR, reason="second")

    assert store.everything() == before


def test_a_flag_is_cleared(store: Store) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(attention="odd remains")
    clear_flag(order_id=order.pk, actor=ACTOR, reason="asked them")

    order = store.fresh(order)
    assert order.attention == ""
    assert [(e.what, e.reason) for e in order.events.filter(actor=ACTOR)] == [("seen", "odd remains: asked them")]
