"""Two members of staff, and the customer's orders, at one request for approval at the same moment."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.refunds import refund_all
from orders.staff.review.approvals import approve
from orders.tracking.settle import settle_batch
from panel.customers.models import User
from panel.wallet.adjust import adjust_wallet
from panel.wallet.approvals.requests import decline, expire_requests, keep_request, withdraw
from panel.wallet.approvals.second_approval import CannotApproveError, SecondApprovalNeededError
from panel.wallet.models import ApprovalRequest, ManualMove, Transfer
from panel.web.access import Actor
from providers.adapters.base import OrderStatus, ReportedStatus
from tests.fixtures_orders import Store
from tests.races.test_orders import RIVALS, at_once

pytestmark = pytest.mark.django_db(transaction=True)
Move = Callable[[str], object]


@pytest.fixture(autouse=True)
def _limit(settings: Any) -> None:
    settings.SECOND_APPROVAL_ABOVE = Decimal(1)


def member(name: str) -> Actor:
    user = User.objects.create_user(f"{name}@example.com", is_staff=True)
    return Actor(user.email, user.pk)


def credit(store: Store, amount: str, token: str) -> Move:
    given: dict[str, Any] = {"user": store.customer, "reason": "goodwill", "token": token * 32}
    return lambda actor: adjust_wallet(amount=Decimal(amount), actor=actor, **given)


def ask(move: Move, actor: Actor) -> ApprovalRequest:
    with pytest.raises(SecondApprovalNeededError) as needed:
        move(actor)
    keep_request(needed.value, actor=actor, now=timezone.now())
    return ApprovalRequest.objects.latest("pk")


def test_two_approve_at_once(store: Store) -> None:
    request = ask(credit(store, "5", "a"), member("bo"))
    approvers = [member(f"cy{number}") for number in range(RIVALS)]
    came = at_once(*[lambda actor=actor: approve(request_id=request.pk, actor=actor) for actor in approvers])
    assert came.count(None) == 1
    assert sum(isinstance(one, CannotApproveError) for one in came) == RIVALS - 1
    assert store.wallet() == 105
    assert Transfer.objects.filter(key__startswith="adjust:").count() == 1
    assert audit_all() == []


@pytest.mark.parametrize("rival", ["withdraw", "decline", "expire"])
@pytest.mark.parametrize("attempt", range(3))
def test_approved_while_it_is_closed(store: Store, rival: str, attempt: int) -> None:
    bo, cy, di = member("bo"), member("cy"), member("di")
    request = ask(credit(store, "5", "a"), bo)
    now = timezone.now()
    close: dict[str, Callable[[], object]] = {
        "withdraw": lambda: withdraw(request_id=request.pk, actor=bo, now=now),
        "decline": lambda: decline(request_id=request.pk, actor=di, note="no", now=now),
        "expire": lambda: expire_requests(now=now + timedelta(days=8)),
    }
    came = at_once(lambda: approve(request_id=request.pk, actor=cy), close[rival])
    request.refresh_from_db()
    is_approved = request.state == "approved"
    assert store.wallet() == (105 if is_approved else 100)
    assert isinstance(came[0], CannotApproveError) != is_approved
    assert audit_all() == []


@pytest.mark.parametrize("attempt", range(3))
def test_approved_while_the_order_moves(store: Store, attempt: int) -> None:
    order = store.active()
    whole: dict[str, Any] = {"order_id": order.pk, "agreed": Decimal("1.35"), "reason": "goodwill"}
    request = ask(lambda actor: refund_all(actor=actor, **whole), member("bo"))
    cy, asked_at = member("cy"), timezone.now()
    part = OrderStatus(order.provider_order_id or "", ReportedStatus.PARTIAL, "Partial", Decimal("0.81"), 0, 100, "USD")
    approved, settled = at_once(
        lambda: approve(request_id=request.pk, actor=cy),
        lambda: settle_batch(answers={order.pk: part}, asked_at=asked_at, now=timezone.now()),
    )
    assert settled.failed == 0
    order = store.fresh(order)
    if isinstance(approved, CannotApproveError):  # what it said had changed
        assert (order.state, order.refunded) == ("PARTIAL", Decimal("0.135"))
        assert ApprovalRequest.objects.get().state == "waiting"
    else:
        assert (approved, order.state, order.refunded) == (None, "CANCELED", Decimal("1.35"))
        assert ApprovalRequest.objects.get().state == "approved"
    assert store.wallet() == Decimal("98.65") + order.refunded
    assert audit_all() == []


def test_two_ask_at_once(store: Store) -> None:
    staff = [member(f"bo{number}") for number in range(RIVALS)]
    needed = []
    for actor in staff:
        with pytest.raises(SecondApprovalNeededError) as error:
            credit(store, "5", "a")(actor)
        needed.append((error.value, actor))
    came = at_once(
        *[lambda one=one, actor=actor: keep_request(one, actor=actor, now=timezone.now()) for one, actor in needed]
    )
    assert sum("already waiting" in said for said in came) == RIVALS - 1
    assert ApprovalRequest.objects.count() == 1
    assert store.wallet() == 100


def test_many_small_bookings_at_once_stay_within_the_limit(store: Store) -> None:
    bo = member("bo")
    moves = [credit(store, "0.4", token) for token in "abcdef"]
    came = at_once(*[lambda move=move: move(bo) for move in moves])
    assert came.count(True) == 2
    assert sum(isinstance(one, SecondApprovalNeededError) for one in came) == 4
    assert (store.wallet(), ManualMove.objects.count()) == (Decimal("100.8"), 2)


def test_one_click_twice_counts_once(store: Store) -> None:
    bo, move = member("bo"), credit(store, "0.6", "a")
    came = at_once(*[lambda: move(bo)] * RIVALS)
    assert (came.count(True), came.count(False)) == (1, RIVALS - 1)
    assert (store.wallet(), ManualMove.objects.count()) == (Decimal("100.6"), 1)
