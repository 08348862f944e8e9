"""A member of staff sees the panel as a customer does: to look alone, in their own session, for half an hour at most.

The customer's sessions and last sign-in are not touched. Called by the middleware of that name and by its two views.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase

from panel.customers.models import User
from panel.customers.roles import SEE_AS
from panel.customers.sign_in.two_factor import lacks_second_factor
from panel.ops import audit

LONGEST = timedelta(minutes=30)
_KEY = "see_as"


class CannotSeeAsError(Exception):
    """Nobody is looked at. The message is for the person."""


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks (`staff`, and `actor` in the audit trail) as which customer, and since when."""

    staff: int
    actor: str
    customer: int
    began: str

    @property
    def until(self) -> datetime:
        return datetime.fromisoformat(self.began) + LONGEST


def look_of(session: SessionBase) -> Look | None:
    """The look that goes on in this session."""
    kept: dict[str, Any] | None = session.get(_KEY)
    return None if kept is None else Look(**kept)


def begin(*, session: SessionBase, staff: User, customer: User, actor: str, now: datetime) -> None:
    """From the next request on the panel looks as it does to the customer. In the audit trail."""
    if not _may_be_seen(customer):
        raise CannotSeeAsError("This is a member of staff: only customers can be looked at like this.")
    look = Look(staff.pk, actor, customer.pk, now.isoformat())
    audit.record(
        actor=actor,
        action="user.see as",
        target=f"user:{customer.pk}",
        detail={"began": look.began, "until": look.until.isoformat()},
    )
    session[_KEY] = asdict(look)


def end(*, session: SessionBase, now: datetime, why: str) -> int | None:
    """Whom the look that ended was at; None where there was none. In the audit trail with its times."""
    look = look_of(session)
    if look is None:
        return None
    del session[_KEY]
    ended = min(now, look.until)
    audit.record(
        actor=look.actor,
        action="user.see as ended",
        target=f"user:{look.customer}",
        detail={"began": look.began, "ended": ended.isoformat(), "why": why},
    )
    return look.customer


def why_over(look: Look, *, staff: User | AnonymousUser, customer: User | None, now: datetime) -> str:
    """Why the look may not go on; empty where it may. `staff` is who is really signed in."""
    if not isinstance(staff, User) or staff.pk != look.staff:
        return "signed out"
    if not staff.is_staff or not staff.has_perm(SEE_AS):
        return "permission lost"
    if lacks_second_factor(staff):
        return "second factor lost"
    if customer is None or not _may_be_seen(customer):
        return "no customer any more"
    return "time is up" if now >= look.until else ""


def _may_be_seen(customer: User) -> bool:
    return not customer.is_staff and not customer.is_superuser
