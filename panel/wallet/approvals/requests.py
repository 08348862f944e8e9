"""Requests for a second approval: kept, declined, withdrawn, expired. Called by the staff's pages and a job.

Approving is orders/staff/review/approvals.py, which knows what each action calls.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from panel.wallet.approvals.second_approval import (
    ONE_DAY,
    VALID_FOR,
    CannotApproveError,
    SecondApprovalNeededError,
    close_request,
    lock_waiting,
    record,
    refuse_requester,
    staff_of,
)
from panel.wallet.models import ApprovalRequest, ManualMove

ALERT = "approvals"
THE_PANEL = "the panel"


def keep_request(needed: SecondApprovalNeededError, *, actor: str, now: datetime) -> str:
    """Keep what needs a second approval, once while it waits; what to tell the person who asked."""
    proposed, staff = needed.proposed, staff_of(actor)
    if staff is None:
        raise needed
    try:
        with transaction.atomic(durable=True):
            request = ApprovalRequest.objects.create(
                action=proposed.action,
                subject=proposed.subject,
                customer=proposed.customer,
                amount=proposed.amount,
                arguments=dict(proposed.arguments),
                reason=proposed.reason[:300],
                requested_by=staff,
                requested_at=now,
            )
            record(request, actor=actor, what="requested")
            follow_approvals()
    except IntegrityError:  # one waits already, of this person or another
        return _("A request for this is already waiting for approval. Nothing has moved.")
    text = _("Request %(number)d waits for another member of staff. Nothing has moved yet.")
    return f"{needed} {text % {'number': request.pk}}"


def decline(*, request_id: int, actor: str, note: str, now: datetime) -> None:
    """Close the request for good; `note` says why. Raises CannotApproveError."""
    if not note.strip():
        raise CannotApproveError(_("Say why: the reason is kept with the request."))
    with transaction.atomic(durable=True):
        request = lock_waiting(request_id)
        staff = refuse_requester(request, staff_of(actor))
        close_request(request, ApprovalRequest.State.DECLINED, by=staff, actor=actor, note=note, now=now)
        follow_approvals()


def withdraw(*, request_id: int, actor: str, now: datetime) -> None:
    """The one who asked takes the request back. Raises CannotApproveError."""
    with transaction.atomic(durable=True):
        request, staff = lock_waiting(request_id), staff_of(actor)
        if staff is None or staff.pk != request.requested_by_id:
            raise CannotApproveError(_("Only the person who asked can withdraw a request."))
        close_request(request, ApprovalRequest.State.WITHDRAWN, by=staff, actor=actor, note="", now=now)
        follow_approvals()


def expire_requests(*, now: datetime) -> int:
    """Close what nobody decided on within 7 days, and forget what counts no more; how many requests were closed."""
    ManualMove.objects.filter(at__lte=now - ONE_DAY).delete()
    with transaction.atomic(durable=True):
        old = waiting_requests().filter(requested_at__lte=now - VALID_FOR).select_for_update(no_key=True, of=("self",))
        requests = list(old.order_by("pk"))
        for request in requests:
            close_request(request, ApprovalRequest.State.EXPIRED, by=None, actor=THE_PANEL, note="", now=now)
        follow_approvals()
    return len(requests)


def waiting_requests() -> QuerySet[ApprovalRequest]:
    """What waits for a second member of staff."""
    return ApprovalRequest.objects.select_related("customer", "requested_by").filter(
        state=ApprovalRequest.State.WAITING
    )


def follow_approvals() -> None:
    """Bring the alert in line with what waits. Call it last in the transaction that changed a request, or after it."""
    follow_condition(subject=ALERT, look=_look)


def _look() -> AlertText | None:
    newest = waiting_requests().order_by("-pk").first()
    if newest is None:
        return None
    count = waiting_requests().count()
    title = ngettext("A request needs a second approval", "%(count)d requests need a second approval", count)
    facts = {"number": newest.pk, "staff": newest.requested_by.email, "customer": newest.customer.email}
    detail = _("Request %(number)d of %(staff)s moves money of %(customer)s.") % facts
    return AlertText(Alert.Level.WARNING, title % {"count": count}, detail)
