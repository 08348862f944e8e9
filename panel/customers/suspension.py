"""Staff freeze a customer and end it: nothing new is ordered meanwhile. Called by the admin."""

from datetime import datetime

from django.db import transaction

from panel.customers.models import User
from panel.ops import audit

FROZEN = "Your account is suspended. Contact support."
"""What the customer is told, at every door."""


class CannotFreezeError(Exception):
    """Nothing was changed. The message is for the person."""


def freeze(*, customer: User, reason: str, actor: str, now: datetime) -> None:
    """No new orders and top-ups from now on. They may sign in and look, and what is under way goes on."""
    if not reason.strip():
        raise CannotFreezeError("Say why: the reason is kept with the customer.")
    if customer.is_staff:
        raise CannotFreezeError("This is a member of staff: take that away first.")
    with transaction.atomic():
        free = User.objects.filter(pk=customer.pk, frozen_at=None)
        if not free.update(frozen_at=now, frozen_why=reason.strip()[:200]):
            raise CannotFreezeError("This customer is frozen already.")
        _record(customer, actor, "user.freeze", reason)


def unfreeze(*, customer: User, reason: str, actor: str) -> None:
    """They order again as before."""
    if not reason.strip():
        raise CannotFreezeError("Say why: the reason is kept in the audit trail.")
    with transaction.atomic():
        if not User.objects.filter(pk=customer.pk, frozen_at__isnull=False).update(frozen_at=None, frozen_why=""):
            raise CannotFreezeError("This customer is not frozen.")
        _record(customer, actor, "user.unfreeze", reason)


def _record(customer: User, actor: str, action: str, reason: str) -> None:
    audit.record(actor=actor, action=action, target=f"user:{customer.pk}", detail={"reason": reason.strip()[:200]})
