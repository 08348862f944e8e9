"""What is dropped after a time, and what is kept."""

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from panel.customers.models import User
from panel.ops import audit
from panel.ops.cleanup import forget_alerts, forget_sessions
from panel.ops.models import Alert, AlertNotice, AuditEvent

pytestmark = pytest.mark.django_db


def test_sessions_go_when_they_expired() -> None:
    now = timezone.now()
    user = User.objects.create_user("ada@example.com")
    keys = []
    for days in (15, 1):
        with time_machine.travel(now - timedelta(days=days), tick=False):
            client = Client()
            client.force_login(user)
            keys.append(client.session.session_key)
            at = {"created_at": timezone.now(), "last_seen_at": timezone.now(), "ip": "192.0.2.1"}
            UserSession.objects.filter(session_key=keys[-1]).delete()
            UserSession.objects.create(user=user, session_key=keys[-1], user_agent="x", **at)
    assert forget_sessions(now=now) == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == keys[1:]
    assert list(UserSession.objects.values_list("session_key", flat=True)) == keys[1:]


def test_alerts_go_a_year_after_they_closed_and_audit_events_never() -> None:
    now = timezone.now()
    long_ago = now - timedelta(days=3650)
    audit.record(actor="boss", action="job.run", target="job:x")
    AuditEvent.objects.update(at=long_ago)
    for subject, closed in (("old", 366), ("late", 364), ("open", None)):
        ended = None if closed is None else now - timedelta(days=closed)
        alert = Alert.objects.create(subject=subject, level="warning", title="x", opened_at=long_ago, closed_at=ended)
        AlertNotice.objects.create(alert=alert, event="opened", channel="email", next_at=None)
    assert forget_alerts(now=now) == 2
    assert set(Alert.objects.values_list("subject", flat=True)) == {"late", "open"}
    assert AlertNotice.objects.count() == 2
    assert AuditEvent.objects.count() == 1
