"""Where a person is signed in, and ending it: one session, or all but this, or by itself when it is too old.

Called by the account's pages, and for every request by the middleware.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from panel.customers.models import User
from panel.ops import audit
from panel.web.access import SIGNED_IN_AT
from panel.web.devices import device_text
from panel.web.middleware import Handler

log = logging.getLogger(__name__)

SEEN_SECONDS = 600
"""A session's last visit is noted at most this often."""
STAFF_LONGEST, STAFF_IDLE = timedelta(hours=12), timedelta(hours=2)
CUSTOMER_LONGEST, CUSTOMER_IDLE = timedelta(days=14), timedelta(days=7)
"""How long a session lasts since the sign-in, whatever is done in it, and since it was last used."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One session of a person's: on which device, from which address, since when, last seen when."""

    pk: int
    device: str
    address: str
    since: datetime
    seen: datetime
    is_current: bool


def signed_in(*, user: User, session_key: str | None) -> list[SignedIn]:
    """Every session that is still good, this one first, then the one seen last; those that ended are dropped."""
    found = [
        SignedIn(
            one.pk,
            device_text(one.user_agent),
            one.ip,
            one.created_at,
            one.last_seen_at,
            one.session_key == session_key,
        )
        for one in UserSession.objects.purge_and_list(user)
    ]
    return sorted(found, key=lambda one: (one.is_current, one.seen), reverse=True)


def end_session(*, user: User, session_id: int, actor: str) -> bool:
    """End one session of `user` at once. False where there is none of that number."""
    with transaction.atomic():
        session = UserSession.objects.filter(user=user, pk=session_id).first()
        if session is None:
            return False
        session.end()
        audit.record(actor=actor, action="session ended", target=f"customer:{user.pk}")
    return True


def end_sessions(*, user: User, actor: str) -> None:
    """Every session of `user` ends with its next request. The caller's own lives on if it takes the new hash."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
        audit.record(actor=actor, action="sessions ended", target=f"customer:{user.pk}")
    user.refresh_from_db(fields=["sessions_ended"])


def renew_when_confirmed(request: HttpRequest, **step: Any) -> None:
    """Who confirmed who they are goes on under a new token: one that was stolen before is worth nothing after.

    In the list it is still the same device. Called by allauth's signal for each step of signing in.
    """
    if step.get("reauthenticated"):
        former = request.session.session_key
        request.session.cycle_key()
        UserSession.objects.filter(session_key=former).update(session_key=request.session.session_key)


class SessionSeenMiddleware:
    """Notes when a session was last used, once in a while, and ends it when it is too old."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if isinstance(user, User) and (_is_too_old(request, user) or not _note_visit(request, user)):
            log.info("session ended by its age", extra={"customer": user.pk})
            logout(request)
        return self.get_response(request)


def _is_too_old(request: HttpRequest, user: User) -> bool:
    """Whether the sign-in is longer ago than a session may last."""
    signed_in_at = request.session.get(SIGNED_IN_AT)
    longest = STAFF_LONGEST if user.is_staff else CUSTOMER_LONGEST
    return signed_in_at is not None and timezone.now().timestamp() - signed_in_at > longest.total_seconds()


def _note_visit(request: HttpRequest, user: User) -> bool:
    """Note that the session is used. False where it was not for so long that it is over."""
    key = request.session.session_key
    if not key or not _is_due(key):
        return True
    now, idle = timezone.now(), STAFF_IDLE if user.is_staff else CUSTOMER_IDLE
    sessions = UserSession.objects.filter(session_key=key)
    is_noted = sessions.filter(last_seen_at__gt=now - idle).update(last_seen_at=now)
    return bool(is_noted) or not sessions.exists()


def _is_due(session_key: str) -> bool:
    """Whether the session was not noted lately. Without the cache nothing is noted, and none ends for being idle."""
    try:
        return bool(cache.add(f"session-seen:{session_key}", 1, SEEN_SECONDS))
    except Exception:
        log.warning("sessions are not noted", exc_info=True)
        return False
