"""What a person decides of a refill or a cancel that got stuck at the provider. Called by the staff's queue.

Neither moves money: the order's status does, whatever is decided here.
"""

from django.db import transaction
from django.utils import timezone

from orders.aftercare.claims import SENDING, tell_refills
from orders.aftercare.unanswered import tell_staff
from orders.models import Cancellation, OrderEvent, Refill
from panel.ops import audit


class CannotDecideError(Exception):
    """Nothing was changed. The message is for the person."""


def send_again(*, request: Refill | Cancellation, actor: str) -> None:
    """Have it passed on once more at the next run, with its tries counted anew.

    What was passed on before stays unknown until then: should the provider refuse, that may be an echo.
    """
    state = "wanted" if request.state == "wanted" else "unknown"
    with transaction.atomic():
        _move(request, state, next_at=timezone.now(), tries=0, reason="", ended_at=None)
        _note(request, "sent again", actor, "")
    tell_staff(provider_ids=[request.order.provider_id])


def close_request(*, request: Refill | Cancellation, actor: str, reason: str) -> None:
    """End it as refused: the provider will not do it, or nobody knows. The reason is for staff."""
    if not reason.strip():
        raise CannotDecideError("Say why: the reason is kept with the order.")
    is_refill = isinstance(request, Refill)
    with transaction.atomic():
        state = Refill.State.REJECTED if is_refill else Cancellation.State.REFUSED
        now = timezone.now()
        _move(request, state, next_at=None, reason=reason[:300], ended_at=now)
        if is_refill:
            tell_refills([(request.pk, request.order_id, request.state, state)], now=now)
        _note(request, "refill refused" if is_refill else "cancel refused", actor, reason)
    tell_staff(provider_ids=[request.order.provider_id])


def _move(request: Refill | Cancellation, state: str, **changes: object) -> None:
    """One guarded UPDATE: what is being sent at this moment, or has ended, is left alone."""
    waits = [name for name in request.OPEN if name != SENDING]
    rows = type(request)._default_manager.filter(pk=request.pk, state__in=waits)
    if not rows.update(state=state, **changes):
        raise CannotDecideError("It is being sent at this moment, or has ended already. Nothing was changed.")


def _note(request: Refill | Cancellation, what: str, actor: str, reason: str) -> None:
    kind = "refill" if isinstance(request, Refill) else "cancel"
    event = what if what.startswith(kind) else f"{kind} {what}"
    OrderEvent.objects.create(order_id=request.order_id, what=event, actor=actor[:100], reason=reason[:300])
    audit.record(actor=actor, action=event, target=f"order:{request.order_id}", detail={"reason": reason})
