"""The sessions of a user: list them, end one or all others, and end those that are too old.

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
"""The last use of a session is recorded at most once in this time."""
STAFF_MAX_AGE, STAFF_IDLE = timedelta(hours=12), timedelta(hours=2)
CUSTOMER_MAX_AGE, CUSTOMER_IDLE = timedelta(days=14), timedelta(days=7)
"""How long a session lasts after the sign-in, and how long it can be idle."""


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """A session of a user: its device and IP address, when it began and when it was last used."""

    pk: int
    device: str
    address: str
    since: datetime
    seen: datetime
    is_current: bool


def active_sessions(*, user: User, session_key: str | None) -> list[ActiveSession]:
    """The active sessions, the current one first, then the most recently used; expired ones are removed."""
    found = [
        ActiveSession(
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
    """End one session of `user` immediately. False if there is no such session."""
    with transaction.atomic():
        session = UserSession.objects.filter(user=user, pk=session_id).first()
        if session is None:
            return False
        session.end()
        audit.record(actor=actor, action="session ended", target=f"customer:{user.pk}")
    return True


def end_sessions(*, user: User, actor: str) -> None:
    """End every session of `user` at its next request. The caller's own continues if it takes the new hash."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
        audit.record(actor=actor, action="sessions ended", target=f"customer:{user.pk}")
    user.refresh_from_db(fields=["sessions_ended"])


def renew_when_confirmed(request: HttpRequest, **step: Any) -> None:
    """Give the session a new key after the user confirmed their identity, so that a stolen older key is useless.

    The list still shows the same device. Called by allauth's signal for each step of signing in.
    """
    if step.get("reauthenticated"):
        former = request.session.session_key
        request.session.cycle_key()
        UserSession.objects.filter(session_key=former).update(session_key=request.session.session_key)


class SessionSeenMiddleware:
    """Records from time to time that a session is in use, and ends it when it is too old."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if isinstance(user, User) and (_is_too_old(request, user) or not _note_visit(request, user)):
            log.info("session ended by its age", extra={"customer": user.pk})
            logout(request)
        return self.get_response(request)


def _is_too_old(request: HttpRequest, user: User) -> bool:
    """Whether the sign-in is longer ago than a session can last."""
    signed_in_at = request.session.get(SIGNED_IN_AT)
    longest = STAFF_MAX_AGE if user.is_staff else CUSTOMER_MAX_AGE
    return signed_in_at is not None and timezone.now().timestamp() - signed_in_at > longest.total_seconds()


def _note_visit(request: HttpRequest, user: User) -> bool:
    """Record that the session is in use. False if it was idle for too long."""
    key = request.session.session_key
    if not key or not _is_due(key):
        return True
    now, idle = timezone.now(), STAFF_IDLE if user.is_staff else CUSTOMER_IDLE
    sessions = UserSession.objects.filter(session_key=key)
    is_noted = sessions.filter(last_seen_at__gt=now - idle).update(last_seen_at=now)
    return bool(is_noted) or not sessions.exists()


def _is_due(session_key: str) -> bool:
    """Whether the session was not recorded lately. Without the cache nothing is recorded and no session times out."""
    try:
        return bool(cache.add(f"session-seen:{session_key}", 1, SEEN_SECONDS))
    except Exception:
        log.warning("sessions are not noted", exc_info=True)
        return False
