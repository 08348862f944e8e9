"""Approve a staff member's request: the function that asked for a second approval carries it out.

That function checks state, balance and own money again and closes the request in the transaction that moves the
money, so the money moves exactly once. Called by the staff page.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from orders.aftercare.refunds import CannotRefundError, refund_all, set_partial
from orders.unconfirmed.decisions import CannotResolveError, refund_unconfirmed
from panel.wallet.adjust import adjust_wallet
from panel.wallet.approvals.own_money import OwnMoneyError
from panel.wallet.approvals.requests import follow_approvals
from panel.wallet.approvals.second_approval import CannotApproveError
from panel.wallet.deposits.deposits import DepositDecidedError, approve_deposit
from panel.wallet.gateways.base import InvalidDepositError
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.models import ApprovalRequest

REFUSALS = (
    InvalidDepositError,
    CannotRefundError,
    CannotResolveError,
    NotEnoughFundsError,
    OwnMoneyError,
    DepositDecidedError,
)


@dataclass(frozen=True, slots=True)
class Approvable:
    """An action that can be approved: who may, and what carries it out for the approver."""

    permission: str
    carry_out: Callable[[ApprovalRequest, str], None]


def approve(*, request_id: int, actor: str) -> None:
    """Carry out the request. Raises CannotApproveError; nothing was changed then, and the request stays open."""
    request = ApprovalRequest.objects.select_related("customer").get(pk=request_id)
    if request.state != ApprovalRequest.State.WAITING:
        raise CannotApproveError(_("This request was already decided. Nothing was changed."))
    try:
        ACTIONS[request.action].carry_out(request, actor)
    except REFUSALS as problem:
        raise CannotApproveError(str(problem)) from problem
    follow_approvals()


def _adjust(request: ApprovalRequest, actor: str) -> None:
    booked = adjust_wallet(
        user=request.customer,
        amount=request.amount,
        reason=request.reason,
        token=request.arguments["token"],
        actor=actor,
        approval=request.pk,
    )
    if not booked:
        raise CannotApproveError(_("This was already booked. Nothing was changed."))


def _deposit(request: ApprovalRequest, actor: str) -> None:
    approve_deposit(
        deposit_id=_number(request),
        amount=request.amount,
        note=request.reason,
        actor=actor,
        now=timezone.now(),
        approval=request.pk,
    )


def _partial(request: ApprovalRequest, actor: str) -> None:
    set_partial(
        order_id=_number(request),
        remains=request.arguments["remains"],
        agreed=request.amount,
        actor=actor,
        reason=request.reason,
        approval=request.pk,
    )


def _refund(request: ApprovalRequest, actor: str) -> None:
    refund_all(
        order_id=_number(request), agreed=request.amount, actor=actor, reason=request.reason, approval=request.pk
    )


def _unconfirmed(request: ApprovalRequest, actor: str) -> None:
    refund_unconfirmed(order_id=_number(request), actor=actor, reason=request.reason, approval=request.pk)


def _number(request: ApprovalRequest) -> int:
    return int(request.subject.partition(":")[2])


ACTIONS: dict[str, Approvable] = {
    ApprovalRequest.Action.ADJUST: Approvable("wallet.add_transfer", _adjust),
    ApprovalRequest.Action.DEPOSIT: Approvable("wallet.change_topup", _deposit),
    ApprovalRequest.Action.PARTIAL: Approvable("orders.refund_order", _partial),
    ApprovalRequest.Action.REFUND: Approvable("orders.refund_order", _refund),
    ApprovalRequest.Action.UNCONFIRMED: Approvable("orders.change_order", _unconfirmed),
}
