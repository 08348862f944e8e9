"""Where a person is signed in, and ending it: one session, or all but this. Called by the account's pages."""

import logging
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from panel.customers.models import User
from panel.ops import audit
from panel.web.devices import device_text
from panel.web.middleware import Handler

log = logging.getLogger(__name__)

SEEN_SECONDS = 600
"""A session's last visit is noted at most this often."""


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


class SessionSeenMiddleware:
    """Notes when a session was last used, once in a while."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.session.session_key
        if key and request.user.is_authenticated and _is_due(key):
            UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now())
        return self.get_response(request)


def _is_due(session_key: str) -> bool:
    """Whether the session was not noted lately. Without the cache nothing is noted: it is for reading alone."""
    try:
        return bool(cache.add(f"session-seen:{session_key}", 1, SEEN_SECONDS))
    except Exception:
        log.warning("sessions are not noted", exc_info=True)
        return False
