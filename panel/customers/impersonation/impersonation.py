"""Lets staff view the panel as a customer: read-only, in their own session, for at most 30 minutes.

The customer's sessions and last sign-in do not change. Called by the middleware and the two views.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.customers.models import User
from panel.customers.roles import VIEW_AS_CUSTOMER
from panel.customers.sign_in.two_factor import lacks_second_factor
from panel.ops import audit

MAX_DURATION = timedelta(minutes=30)
SESSION_KEY = "see_as"

END_MESSAGES: dict[str, Promise] = {
    "signed out": _lazy("You're back in your own account because you signed out."),
    "permission lost": _lazy("You're back in your own account because you no longer have the permission."),
    "second factor lost": _lazy("You're back in your own account because two-factor authentication is off."),
    "no customer any more": _lazy("You're back in your own account because this user is no longer a customer."),
    "time is up": _lazy("You're back in your own account after 30 minutes."),
}
"""The message for each reason of `end_reason`. The audit trail keeps the reason itself."""


class ImpersonationError(Exception):
    """The customer's view did not start. The message is for the member of staff."""


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Who views the panel (`staff`, and `actor` in the audit trail) as which customer, and since when."""

    staff: int
    actor: str
    customer: int
    began: str

    @property
    def until(self) -> datetime:
        return datetime.fromisoformat(self.began) + MAX_DURATION


def current_impersonation(session: SessionBase) -> Impersonation | None:
    """The customer's view that is active in this session."""
    data: dict[str, Any] | None = session.get(SESSION_KEY)
    return None if data is None else Impersonation(**data)


def begin(*, session: SessionBase, staff: User, customer: User, actor: str, now: datetime) -> None:
    """Show the panel as the customer sees it, from the next request on. Recorded in the audit trail."""
    if not _is_customer(customer):
        raise ImpersonationError(_("You can't view the panel as a member of staff."))
    impersonation = Impersonation(staff.pk, actor, customer.pk, now.isoformat())
    audit.record(
        actor=actor,
        action="user.see as",
        target=f"user:{customer.pk}",
        detail={"began": impersonation.began, "until": impersonation.until.isoformat()},
    )
    session[SESSION_KEY] = asdict(impersonation)


def end(*, session: SessionBase, now: datetime, reason: str) -> int | None:
    """End the customer's view; the customer's id, or None if there was none. Recorded in the audit trail."""
    impersonation = current_impersonation(session)
    if impersonation is None:
        return None
    del session[SESSION_KEY]
    ended = min(now, impersonation.until)
    audit.record(
        actor=impersonation.actor,
        action="user.see as ended",
        target=f"user:{impersonation.customer}",
        detail={"began": impersonation.began, "ended": ended.isoformat(), "why": reason},
    )
    return impersonation.customer


def end_reason(
    impersonation: Impersonation, *, staff: User | AnonymousUser, customer: User | None, now: datetime
) -> str:
    """Why the customer's view must end, or an empty string. `staff` is the user who is really signed in."""
    if not isinstance(staff, User) or staff.pk != impersonation.staff:
        return "signed out"
    if not staff.is_staff or not staff.has_perm(VIEW_AS_CUSTOMER):
        return "permission lost"
    if lacks_second_factor(staff):
        return "second factor lost"
    if customer is None or not _is_customer(customer):
        return "no customer any more"
    return "time is up" if now >= impersonation.until else ""


def _is_customer(user: User) -> bool:
    return not user.is_staff and not user.is_superuser
