"""Staff decisions on refills and cancels without an answer: send again or close. Called by the staff page.

Neither moves money: the order's status does.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.aftercare.claims import SENDING, notify_refills
from orders.aftercare.unanswered_requests import update_unanswered_alert
from orders.models import Cancellation, OrderEvent, Refill
from panel.ops import audit


class CannotDecideError(Exception):
    """The decision is not possible; nothing was changed. The message is for the person."""


def send_again(*, request: Refill | Cancellation, actor: str) -> None:
    """Send the request again at the next run, with its tries reset.

    A request that was sent before stays unknown: a refusal may be an echo of the earlier one.
    """
    state = "wanted" if request.state == "wanted" else "unknown"
    with transaction.atomic():
        _move(request, state, next_at=timezone.now(), tries=0, reason="", ended_at=None)
        _note(request, "sent again", actor, "")
    update_unanswered_alert(provider_ids=[request.order.provider_id])


def close_request(*, request: Refill | Cancellation, actor: str, reason: str) -> None:
    """Close the request as refused. The reason is for staff."""
    if not reason.strip():
        raise CannotDecideError(_("Enter a reason. It is saved with the order."))
    is_refill = isinstance(request, Refill)
    with transaction.atomic():
        state = Refill.State.REJECTED if is_refill else Cancellation.State.REFUSED
        now = timezone.now()
        _move(request, state, next_at=None, reason=reason[:300], ended_at=now)
        if is_refill:
            notify_refills([(request.pk, request.order_id, request.state, state)], now=now)
        _note(request, "refill refused" if is_refill else "cancel refused", actor, reason)
    update_unanswered_alert(provider_ids=[request.order.provider_id])


def _move(request: Refill | Cancellation, state: str, **changes: object) -> None:
    """One guarded UPDATE: a request that is being sent or has ended is left alone."""
    waits = [name for name in request.OPEN if name != SENDING]
    rows = type(request)._default_manager.filter(pk=request.pk, state__in=waits)
    if not rows.update(state=state, **changes):
        raise CannotDecideError(_("The request is being sent or has already ended. Nothing was changed."))


def _note(request: Refill | Cancellation, what: str, actor: str, reason: str) -> None:
    kind = "refill" if isinstance(request, Refill) else "cancel"
    event = what if what.startswith(kind) else f"{kind} {what}"
    OrderEvent.objects.create(order_id=request.order_id, what=event, actor=actor[:100], reason=reason[:300])
    audit.record(actor=actor, action=event, target=f"order:{request.order_id}", detail={"reason": reason})
