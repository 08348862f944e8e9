"""Suspends and reactivates customers. A suspended customer cannot order or add funds. Called by the admin."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from panel.customers.models import User
from panel.ops import audit


class SuspensionError(Exception):
    """Nothing was changed. The message is for the member of staff."""


def suspended_message() -> str:
    """The answer to a suspended customer who places an order or adds funds."""
    return _("Your account is suspended. Please contact us.")


def suspend(*, customer: User, reason: str, actor: str, now: datetime) -> None:
    """Stop new orders and deposits. The customer can still sign in, and current orders continue."""
    if not reason.strip():
        raise SuspensionError(_("Enter a reason. Only staff can see it."))
    if customer.is_staff:
        raise SuspensionError(_("Staff accounts can't be suspended. Remove staff status first."))
    with transaction.atomic():
        active = User.objects.filter(pk=customer.pk, suspended_at=None)
        if not active.update(suspended_at=now, suspension_reason=reason.strip()[:200]):
            raise SuspensionError(_("This customer is already suspended."))
        _record(customer, actor, "user.suspend", reason)


def reactivate(*, customer: User, reason: str, actor: str) -> None:
    """Let the customer place orders and add funds again."""
    if not reason.strip():
        raise SuspensionError(_("Enter a reason. Only staff can see it."))
    with transaction.atomic():
        suspended = User.objects.filter(pk=customer.pk, suspended_at__isnull=False)
        if not suspended.update(suspended_at=None, suspension_reason=""):
            raise SuspensionError(_("This customer isn't suspended."))
        _record(customer, actor, "user.reactivate", reason)


def _record(customer: User, actor: str, action: str, reason: str) -> None:
    audit.record(actor=actor, action=action, target=f"user:{customer.pk}", detail={"reason": reason.strip()[:200]})
