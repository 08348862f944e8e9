"""What is dropped after a time: sessions that expired, alerts that were closed long ago. Called by the tasks.

Audit events are kept for good.
"""

from datetime import datetime, timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings

from panel.ops.models import Alert

ALERTS_KEPT_FOR = timedelta(days=365)


def forget_sessions(*, now: datetime) -> int:
    """Drop expired sessions, and what the pages of people's devices say of such; how many devices."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    unused_since = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    deleted: int = UserSession.objects.filter(last_seen_at__lt=unused_since).delete()[0]
    return deleted


def forget_alerts(*, now: datetime) -> int:
    """Drop alerts that were closed long ago, with their messages; how many rows."""
    return Alert.objects.filter(closed_at__lt=now - ALERTS_KEPT_FOR).delete()[0]
