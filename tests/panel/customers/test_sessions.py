"""The page of sessions: each is told with its device, and ended alone, by its owner alone."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from panel.customers.models import User
from panel.ops.models import AuditEvent
from panel.web.devices import device_text

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"


def sign_in(user: User, agent: str) -> Client:
    client = Client(HTTP_USER_AGENT=agent)
    answer = client.post("/accounts/login/", {"login": user.email, "password": "correct horse battery"})
    assert answer.status_code == 302
    return client


@pytest.fixture(autouse=True)
def _visits_are_noted() -> None:
    """Here they are noted as they come."""


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana@example.com", "correct horse battery")


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown device"),
    ],
)
def test_a_device_has_a_name(agent: str, words: str) -> None:
    assert device_text(agent) == words


def test_sessions_are_listed_this_one_first(ana: User) -> None:
    phone, desk = sign_in(ana, SAFARI), sign_in(ana, FIREFOX)
    page = phone.get("/accounts/sessions/").content.decode()
    assert page.index("Safari on iPhone") < page.index("This device") < page.index("Firefox on Windows")
    assert page.count("Sign out Firefox on Windows, 127.0.0.1") == 1
    assert desk.get("/accounts/sessions/").status_code == 200


def test_one_session_is_ended_and_the_other_goes_on(ana: User) -> None:
    phone, desk = sign_in(ana, SAFARI), sign_in(ana, FIREFOX)
    other = UserSession.objects.get(session_key=phone.session.session_key)
    answer = desk.post(f"/accounts/sessions/{other.pk}/end/", follow=True)
    assert "Device signed out." in answer.content.decode()
    assert "Safari on iPhone" not in answer.content.decode()
    assert phone.get("/account/").status_code == 302
    assert desk.get("/account/").status_code == 200
    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.target) == (ana.email, "session ended", f"customer:{ana.pk}")
    assert "already signed out" in desk.post(f"/accounts/sessions/{other.pk}/end/", follow=True).content.decode()


def test_nobody_ends_the_session_of_another(ana: User) -> None:
    phone = sign_in(ana, SAFARI)
    mine = UserSession.objects.get()
    bo = sign_in(User.objects.create_user("bo@example.com", "correct horse battery"), FIREFOX)
    bo.post(f"/accounts/sessions/{mine.pk}/end/")
    assert phone.get("/account/").status_code == 200
    assert bo.get(f"/accounts/sessions/{mine.pk}/end/").status_code == 405
    assert Client().post(f"/accounts/sessions/{mine.pk}/end/")["Location"].startswith("/accounts/login/")
    assert "Safari" not in bo.get("/accounts/sessions/").content.decode()
    assert AuditEvent.objects.count() == 0


def test_sessions_ended_by_a_new_password_are_gone_from_the_list(ana: User) -> None:
    sign_in(ana, SAFARI)
    ana.set_password("another horse battery")
    ana.save()
    desk = Client(HTTP_USER_AGENT=FIREFOX)
    desk.post("/accounts/login/", {"login": ana.email, "password": "another horse battery"})
    assert "Safari" not in desk.get("/accounts/sessions/").content.decode()


def test_a_visit_is_noted_once_in_a_while(ana: User) -> None:
    phone = sign_in(ana, SAFARI)
    long_ago = timezone.now() - timedelta(days=1)
    UserSession.objects.update(last_seen_at=long_ago)
    cache.clear()
    phone.get("/account/")
    assert UserSession.objects.get().last_seen_at > long_ago
    UserSession.objects.update(last_seen_at=long_ago)
    phone.get("/account/")
    assert UserSession.objects.get().last_seen_at == long_ago
