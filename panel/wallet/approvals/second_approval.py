"""A second member of staff above an amount: SECOND_APPROVAL_ABOVE, in the shop's currency; 0 is off.

`authorize` is called by every function by which a person moves a customer's money. What one member of staff moves for
one customer within 24 hours counts together, so that several small bookings are no way around the limit. Commands are
run by a user of the operating system, who is no member of staff, and are not counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _

from panel.customers.models import User
from panel.lib.money import ZERO, plain
from panel.ops import audit
from panel.wallet.approvals.own_money import refuse_own_money
from panel.wallet.models import ApprovalRequest, ManualMove
from panel.web.access import Actor
from panel.web.formatting import money_text

ONE_DAY = timedelta(days=1)
VALID_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What a person wants to do: `amount` is what the customer's balance changes by, below zero where it falls.

    `arguments` is what the action is called with beside subject, amount and reason, as JSON holds it.
    """

    action: ApprovalRequest.Action
    subject: str
    customer: User
    amount: Decimal
    reason: str
    arguments: Mapping[str, str | int] = field(default_factory=dict)


class SecondApprovalNeededError(Exception):
    """One person may not move this much alone; nothing was changed. `keep_request` of approvals.py keeps it."""

    def __init__(self, proposed: Proposed, *, moved_before: Decimal) -> None:
        limit, currency = settings.SECOND_APPROVAL_ABOVE, settings.CURRENCY
        facts = {
            "limit": money_text(limit, currency=currency),
            "before": money_text(moved_before, currency=currency),
            "customer": proposed.customer.email,
        }
        if moved_before:
            text = _(
                "Together with the %(before)s that you moved for %(customer)s in the last 24 hours, this is above "
                "%(limit)s and needs a second approval."
            )
        else:
            text = _("Amounts above %(limit)s need a second approval.")
        super().__init__(text % facts)
        self.proposed = proposed


class CannotApproveError(Exception):
    """The request cannot be decided on like this; nothing was changed. The message is for the person."""


def authorize(proposed: Proposed, *, actor: str, approval: int | None, now: datetime) -> None:
    """Raises where `actor` may not move this money. Call it right before the move, in the same transaction.

    The customer's wallet has to be locked, so that two moves at once are counted one after the other. With `approval`,
    the number of a request, that is used up: it is approved by `actor` if the transaction commits. Raises
    OwnMoneyError, SecondApprovalNeededError and CannotApproveError.
    """
    refuse_own_money(actor=actor, customer=proposed.customer)
    if approval is not None:
        _use(approval, proposed, actor, now)
    elif settings.SECOND_APPROVAL_ABOVE and (staff := staff_of(actor)):
        _count(proposed, staff, now)


def staff_of(actor: str) -> User | None:
    """The user who acts; None for a command."""
    if isinstance(actor, Actor) and actor.user_id is not None:
        return User.objects.filter(pk=actor.user_id).first()
    return User.objects.filter(email__iexact=actor.strip()).first()


def lock_waiting(request_id: int) -> ApprovalRequest:
    """The request, locked until the transaction ends. Raises CannotApproveError where it no longer waits."""
    rows = ApprovalRequest.objects.select_for_update(no_key=True, of=("self",))
    request = rows.filter(pk=request_id, state=ApprovalRequest.State.WAITING).first()
    if request is None:
        raise CannotApproveError(_("This request was already decided. Nothing was changed."))
    return request


def close_request(
    request: ApprovalRequest, state: ApprovalRequest.State, *, by: User | None, actor: str, note: str, now: datetime
) -> None:
    """Write what became of the locked request, with a line in the audit trail, in the caller's transaction."""
    request.state, request.note = state, " ".join(note.split())[:300]
    request.decided_by, request.decided_at = by, now
    request.save(update_fields=["state", "note", "decided_by", "decided_at"])
    record(request, actor=actor, what=state, note=request.note)


def record(request: ApprovalRequest, *, actor: str, what: str, note: str = "") -> None:
    """A line in the audit trail about the request, in the caller's transaction."""
    detail = {
        "action": request.action,
        "subject": request.subject,
        "amount": plain(request.amount),
        "requested_by": request.requested_by.email,
        "reason": request.reason,
    }
    detail |= {"note": note} if note else {}
    audit.record(actor=actor, action=f"approval {what}", target=f"approval:{request.pk}", detail=detail)


def refuse_requester(request: ApprovalRequest, staff: User | None) -> User:
    """Whoever decides, which is not who asked. Raises CannotApproveError."""
    if staff is None or staff.pk == request.requested_by_id:
        raise CannotApproveError(_("Another member of staff has to decide on your request."))
    return staff


def _use(approval: int, proposed: Proposed, actor: str, now: datetime) -> None:
    request = lock_waiting(approval)
    approver = refuse_requester(request, staff_of(actor))
    if request.requested_at <= now - VALID_FOR:
        raise CannotApproveError(_("This request has expired. Ask again."))
    asked = (request.action, request.subject, request.customer_id, request.amount)
    if asked != (proposed.action, proposed.subject, proposed.customer.pk, proposed.amount):
        text = _("The amount has changed since this was requested. Decline this request, then ask again.")
        raise CannotApproveError(text)
    close_request(request, ApprovalRequest.State.APPROVED, by=approver, actor=actor, note="", now=now)


def _count(proposed: Proposed, staff: User, now: datetime) -> None:
    """What was approved by a second person does not count."""
    amount = abs(proposed.amount)
    lately = ManualMove.objects.filter(staff=staff, customer=proposed.customer, at__gt=now - ONE_DAY)
    before: Decimal = lately.aggregate(sum=Sum("amount"))["sum"] or ZERO
    if before + amount > settings.SECOND_APPROVAL_ABOVE:
        raise SecondApprovalNeededError(proposed, moved_before=before)
    ManualMove.objects.create(staff=staff, customer=proposed.customer, amount=amount, subject=proposed.subject, at=now)
