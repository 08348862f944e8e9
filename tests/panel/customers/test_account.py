"""The account page, and ending a person's other sessions."""

import pytest
from django.test import Client

from panel.customers.models import User
from panel.ops.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.panel.web.pages")]


@pytest.fixture
def ana(client: Client) -> User:
    user = User.objects.create_user("ana@example.com", "a-long-pass-1", name="Ana")
    client.force_login(user)
    return user


def test_a_profile_is_saved(client: Client, ana: User) -> None:
    answer = client.post("/account/", {"name": "Ana Lima", "time_zone": "America/Sao_Paulo"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    ana.refresh_from_db()
    assert (ana.name, ana.time_zone) == ("Ana Lima", "America/Sao_Paulo")


def test_a_zone_that_does_not_exist_changes_nothing(client: Client, ana: User) -> None:
    answer = client.post("/account/", {"name": "New", "time_zone": "Mars/Olympus"})
    assert answer.status_code == 422
    assert b'id="id_time_zone_error"' in answer.content
    ana.refresh_from_db()
    assert (ana.name, ana.time_zone) == ("Ana", "")


def test_nobody_gives_themselves_rights(client: Client, ana: User) -> None:
    client.post("/account/", {"name": "Ana", "time_zone": "", "is_staff": "on", "email": "other@example.com"})
    ana.refresh_from_db()
    assert (ana.is_staff, ana.email) == (False, "ana@example.com")


def test_the_account_is_behind_the_sign_in(client: Client) -> None:
    assert client.get("/account/")["Location"] == "/accounts/login/?next=/account/"
    assert client.post("/account/sign-out-elsewhere/")["Location"].startswith("/accounts/login/")


def test_signing_out_elsewhere_ends_the_other_sessions_and_keeps_this_one(client: Client, ana: User) -> None:
    other = Client()
    other.force_login(ana)
    assert other.get("/account/").status_code == 200
    assert client.post("/account/sign-out-elsewhere/")["Location"] == "/account/"
    assert other.get("/account/").status_code == 302
    assert client.get("/account/").status_code == 200
    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.target) == ("ana@example.com", "sessions ended", f"customer:{ana.pk}")


def test_a_look_at_that_address_ends_nothing(client: Client, ana: User) -> None:
    assert client.get("/account/sign-out-elsewhere/").status_code == 405
    ana.refresh_from_db()
    assert ana.sessions_ended == 0


def test_a_new_password_ends_every_session(client: Client, ana: User) -> None:
    ana.set_password("another-pass-2")
    ana.save()
    assert client.get("/account/").status_code == 302
