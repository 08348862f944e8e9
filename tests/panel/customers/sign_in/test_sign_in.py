"""The ways in: limits, nothing that tells who has an account, passwords, sessions, second factors, redirects."""

import logging
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client

from panel.customers.models import User
from panel.customers.sign_in.adapter import SecondFactorAdapter
from panel.customers.sign_in.known_devices import account_digest
from tests.panel.web.emails import html_of

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
LOGIN = "/accounts/login/"
NEW = {"password1": "tall green ladder", "password2": "tall green ladder"}


@pytest.fixture(autouse=True)
def _visits_are_noted() -> None:
    """Here they are noted as they come."""


@pytest.fixture
def ana() -> User:
    user = User.objects.create_user("ana@example.com", PASSWORD, name="Ana Lima")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def sign_in(client: Client, login: str = "ana@example.com", password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": login, "password": password}, **more)


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def code_of(authenticator: Authenticator) -> str:
    return code_of_open(SecondFactorAdapter().decrypt(authenticator.data["secret"]))


def code_of_open(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def words(answer: Any) -> str:
    """The page without what is new in every answer: the token and the request's id."""
    return re.sub(r"[0-9A-Za-z]{64}|[0-9a-f]{12}", "", answer.content.decode())


# --- Limits -----------------------------------------------------------------------------------------------------------
def test_an_account_takes_five_wrong_passwords_from_an_address(ana: User) -> None:
    for _ in range(5):
        assert "are not correct" in sign_in(Client(), password="wrong").content.decode()
    assert "Too many failed login attempts" in sign_in(Client()).content.decode()
    bo = User.objects.create_user("bo@example.com", PASSWORD)
    assert sign_in(Client(), bo.email).status_code == 302  # other accounts go on
    assert sign_in(Client(), REMOTE_ADDR="203.0.113.99").status_code == 302  # and so does she, from elsewhere
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        assert sign_in(Client()).status_code == 302


def guess_from_everywhere(count: int) -> None:
    for number in range(count):
        sign_in(Client(), password="wrong", REMOTE_ADDR=f"198.51.100.{number}")


def test_guesses_from_everywhere_slow_strangers_down_and_lock_nobody_out(ana: User) -> None:
    with time_machine.travel(datetime(2026, 1, 1, 12, tzinfo=UTC), tick=False) as clock:
        guess_from_everywhere(21)  # the last one takes the turn of these five seconds
        assert "Too many failed sign-ins" in sign_in(Client(), REMOTE_ADDR="203.0.113.1").content.decode()
        clock.shift(6)
        assert sign_in(Client(), REMOTE_ADDR="203.0.113.1").status_code == 302


def test_a_device_that_signed_in_before_has_a_count_of_its_own(ana: User) -> None:
    known = Client()
    sign_in(known)
    known.post("/accounts/logout/")
    for _ in range(6):
        sign_in(Client(), password="wrong", REMOTE_ADDR="198.51.100.200")
    guess_from_everywhere(25)
    for _ in range(4):
        assert "are not correct" in sign_in(known, password="wrong").content.decode()
    assert sign_in(known).status_code == 302
    known.post("/accounts/logout/")
    for _ in range(5):
        sign_in(known, password="wrong", REMOTE_ADDR="203.0.113.5")
    assert "Too many failed" in sign_in(known, REMOTE_ADDR="203.0.113.6").content.decode()


def test_the_cookie_of_a_device_cannot_be_made_up_and_holds_for_its_accounts_alone(ana: User) -> None:
    bo = User.objects.create_user("bo@example.com", PASSWORD)
    known, forger = Client(), Client()
    sign_in(known)
    forger.cookies["device"] = known.cookies["device"].value[:-2] + "xx"
    guess_from_everywhere(25)
    assert "Too many failed sign-ins" in sign_in(forger, REMOTE_ADDR="203.0.113.1").content.decode()
    for number in range(25):
        sign_in(Client(), bo.email, "wrong", REMOTE_ADDR=f"198.51.100.{number + 100}")
    known.post("/accounts/logout/")
    assert "Too many failed sign-ins" in sign_in(known, bo.email, REMOTE_ADDR="203.0.113.2").content.decode()


def test_an_account_that_is_guessed_goes_on_where_it_is_signed_in(ana: User) -> None:
    inside = Client()
    sign_in(inside)
    for _ in range(6):
        sign_in(Client(), password="wrong", REMOTE_ADDR="203.0.113.7")
    assert is_in(inside)


def test_an_address_takes_ten_wrong_passwords_in_a_minute_whoever_is_tried(ana: User) -> None:
    for number in range(10):
        sign_in(Client(), f"user{number}@example.com", "wrong")
    assert "Too many failed login attempts" in sign_in(Client()).content.decode()
    assert sign_in(Client(), REMOTE_ADDR="203.0.113.8").status_code == 302


def test_signing_up_and_asking_for_a_new_password_are_limited(ana: User) -> None:
    for number in range(10):
        Client().post("/accounts/signup/", {"email": f"new{number}@example.com", "password1": "tall green ladder"})
    more = Client().post("/accounts/signup/", {"email": "more@example.com", "password1": "tall green ladder"})
    assert (more.status_code, User.objects.filter(email="more@example.com").exists()) == (429, False)
    for number in range(3):
        Client().post("/accounts/password/reset/", {"email": ana.email}, REMOTE_ADDR=f"203.0.113.{number}")
    assert (
        Client().post("/accounts/password/reset/", {"email": ana.email}, REMOTE_ADDR="203.0.113.9").status_code == 429
    )
    assert len([one for one in mail.outbox if one.to == [ana.email]]) == 3


def test_a_second_factor_takes_five_wrong_codes(ana: User) -> None:
    second_factor(ana)
    client = Client()
    sign_in(client)
    for _ in range(5):
        assert "Incorrect code" in client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    right = code_of(ana.authenticator_set.get(type="totp"))
    assert "Too many failed" in client.post("/accounts/2fa/authenticate/", {"code": right}).content.decode()
    assert not is_in(client)


# --- Nothing tells who has an account ---------------------------------------------------------------------------------
def test_a_wrong_password_and_an_unknown_address_read_the_same(ana: User) -> None:
    known, unknown = sign_in(Client(), password="wrong"), sign_in(Client(), "nobody@example.com", "wrong")
    assert known.status_code == unknown.status_code == 200
    assert words(known).replace("ana@", "nobody@") == words(unknown)


def test_an_unknown_address_is_hashed_for_as_well(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed, encode = [], MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, *args: Any) -> str:
        hashed.append(1)
        return encode(self, *args)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    sign_in(Client(), password="wrong")
    known = len(hashed)
    sign_in(Client(), "nobody@example.com", "wrong")
    assert (known, len(hashed)) == (1, 2)


def test_asking_for_a_new_password_reads_the_same(ana: User) -> None:
    known = Client().post("/accounts/password/reset/", {"email": ana.email})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [one.to for one in mail.outbox] == [[ana.email], ["nobody@example.com"]]  # told to the owner alone
    assert "/password/reset/key/" not in mail.outbox[1].body
    assert [one.subject for one in mail.outbox] == ["[Panel] Reset your password", "[Panel] No account with this email"]
    assert "at Panel. If it wasn't you, ignore this email" in mail.outbox[0].body
    link = re.search(r"\S+/password/reset/key/\S+", mail.outbox[0].body)
    assert link
    assert f'<a href="{link[0]}">{link[0]}</a>' in html_of(mail.outbox[0])
    assert "nobody@example.com at Panel, but there is no account" in html_of(mail.outbox[1])


def test_signing_up_with_a_taken_address_reads_the_same(ana: User, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    new = Client().post("/accounts/signup/", {"email": "new@example.com", "password1": "tall green ladder"})
    taken = Client().post("/accounts/signup/", {"email": ana.email, "password1": "tall green ladder"})
    assert (
        (new.status_code, new["Location"])
        == (taken.status_code, taken["Location"])
        == (302, "/accounts/confirm-email/")
    )
    assert User.objects.filter(email=ana.email).count() == 1
    assert sign_in(Client(), ana.email, "tall green ladder").status_code == 200  # her password is as it was


# --- Passwords --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password123",
        "1234567890",
        "qwertyuiop",
        "newcustomer",
        "newcustomer1",
        "PanelAdmin1",
        "127001panel",
        "Instagram-smm1",
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    answer = Client().post("/accounts/signup/", {"email": "newcustomer@example.com", "password1": password})
    assert (answer.status_code, User.objects.count()) == (200, 0)
    assert 'id="id_password1_error"' in answer.content.decode()


@pytest.mark.parametrize(
    "password", ["tall green ladder", "   spaces count   ", "пароль из слов", "x7" * 32, "a" * 5 + "b" * 5]
)
def test_any_letters_and_any_length_from_ten_on_are_taken_as_they_are(password: str) -> None:
    client = Client()
    assert client.post("/accounts/signup/", {"email": "new@example.com", "password1": password}).status_code == 302
    assert User.objects.get().check_password(password)
    assert not User.objects.get().check_password(password.strip() + "x")


def test_a_new_password_asks_for_the_old_one_and_signs_out_everywhere(ana: User) -> None:
    here, elsewhere = Client(), Client()
    sign_in(here)
    sign_in(elsewhere)
    wrong = here.post("/accounts/password/change/", {"oldpassword": "wrong", **NEW})
    assert (wrong.status_code, is_in(elsewhere)) == (200, True)
    right = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, **NEW})
    assert right.status_code == 302
    assert (is_in(here), is_in(elsewhere)) == (False, False)


def test_a_link_for_a_new_password_works_once_and_ends_every_session(ana: User) -> None:
    elsewhere, client = Client(), Client()
    sign_in(elsewhere)
    client.post("/accounts/password/reset/", {"email": ana.email})
    found = re.search(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)
    assert found
    form = client.get(found[0])["Location"]
    assert found[0] not in form  # the key leaves the address before the page is shown
    assert client.post(form, NEW).status_code == 302
    assert (is_in(elsewhere), is_in(client)) == (False, False)
    assert sign_in(Client(), password="tall green ladder").status_code == 302
    again = Client()
    assert "This link is no longer valid" in again.get(found[0], follow=True).content.decode()


def test_a_new_password_makes_this_browser_known_to_that_account_alone(ana: User) -> None:
    """Anybody may add another's address to an account of their own; as long as it is not confirmed it is nothing."""
    eve = User.objects.create_user("eve@example.com", PASSWORD)
    EmailAddress.objects.create(user=eve, email=eve.email, primary=True, verified=True)
    EmailAddress.objects.create(user=eve, email=ana.email)
    client = Client()
    client.post("/accounts/password/reset/", {"email": eve.email})
    found = re.search(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)
    assert found
    client.post(client.get(found[0])["Location"], NEW)
    assert client.session["proven_account"] == [account_digest(eve.email)]
    guess_from_everywhere(25)
    assert "Too many failed sign-ins" in sign_in(client, REMOTE_ADDR="203.0.113.1").content.decode()


def test_without_a_mail_server_another_accounts_address_cannot_be_added(ana: User, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    eve = User.objects.create_user("eve@example.com", PASSWORD)
    EmailAddress.objects.create(user=eve, email=eve.email, primary=True)
    client = Client()
    sign_in(client, eve.email)
    for email, is_added in ((ana.email, False), ("eve@work.example", True)):
        client.post("/accounts/email/", {"action_add": "", "email": email})
        assert EmailAddress.objects.filter(user=eve, email=email).exists() is is_added
    client.post("/accounts/email/", {"action_primary": "", "email": "eve@work.example"})
    assert User.objects.get(pk=eve.pk).email == "eve@work.example"


def test_a_new_password_does_not_get_around_the_second_factor(ana: User) -> None:
    second_factor(ana)
    client = Client()
    client.post("/accounts/password/reset/", {"email": ana.email})
    found = re.search(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)
    assert found
    client.post(client.get(found[0])["Location"], NEW)
    answer = sign_in(client, password="tall green ladder")
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_in(client)


# --- Second factors ---------------------------------------------------------------------------------------------------
def second_factor(user: User) -> list[str]:
    """Set up through the site's own pages; its recovery codes."""
    client = Client()
    sign_in(client, user.email)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    code = code_of_open(page.context["form"].secret)
    shown = client.post("/accounts/2fa/totp/activate/", {"code": code})
    cache.clear()  # a code that was used is not taken again in its half minute
    codes: list[str] = shown.context["codes"]
    return codes


def test_what_second_factors_are_checked_against_is_sealed(ana: User) -> None:
    second_factor(ana)
    assert ana.authenticator_set.get().data["secret"].startswith("v1.")


def test_one_that_was_kept_open_before_still_works(ana: User) -> None:
    authenticator = Authenticator.objects.create(user=ana, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    assert authenticator.wrap().validate_code(code_of_open("JBSWY3DPEHPK3PXP"))


def test_a_code_and_a_recovery_code_open_once(ana: User) -> None:
    recovery = second_factor(ana)[0]
    code = code_of(ana.authenticator_set.get(type="totp"))
    for one in (code, recovery):
        first, second = Client(), Client()
        sign_in(first)
        assert first.post("/accounts/2fa/authenticate/", {"code": one}).status_code == 302
        assert is_in(first)
        sign_in(second)
        assert second.post("/accounts/2fa/authenticate/", {"code": one}).status_code == 200
        assert not is_in(second)


def test_turning_it_off_asks_for_the_password_again(ana: User) -> None:
    second_factor(ana)
    client = Client()
    client.force_login(ana)
    asked = client.post("/accounts/2fa/totp/deactivate/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert ana.authenticator_set.filter(type="totp").count() == 1


# --- E-mail addresses -------------------------------------------------------------------------------------------------
def test_another_address_is_asked_for_the_password_first_and_counts_once_it_is_confirmed(
    ana: User, settings: Any
) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client = Client()
    sign_in(client)
    asked = client.post("/accounts/email/", {"action_add": "", "email": "new@example.com"})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert EmailAddress.objects.filter(email="new@example.com").count() == 0
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", {"action_add": "", "email": "new@example.com"})
    assert EmailAddress.objects.get(email="new@example.com").verified is False
    client.post("/accounts/email/", {"action_primary": "", "email": "new@example.com"})
    assert User.objects.get().email == ana.email
    found = re.search(r"/accounts/confirm-email/\S+", mail.outbox[-1].body)
    assert found
    assert mail.outbox[-1].to == ["new@example.com"]
    assert mail.outbox[-1].subject == "[Panel] Verify your email"
    assert found[0] in html_of(mail.outbox[-1])
    client.get(found[0])
    assert EmailAddress.objects.get(email="new@example.com").verified is False  # a look confirms nothing
    client.post(found[0])
    assert EmailAddress.objects.get(email="new@example.com").verified is True


# --- Sessions ---------------------------------------------------------------------------------------------------------
def test_a_sign_in_begins_a_new_session(ana: User) -> None:
    client = Client()
    client.get("/accounts/2fa/authenticate/")
    session = client.session
    session["before"] = 1
    session.save()
    client.cookies["session"] = planted = session.session_key
    sign_in(client)
    assert client.cookies["session"].value != planted
    stranger = Client()
    stranger.cookies["session"] = planted
    assert not is_in(stranger)
    assert len(client.cookies["session"].value) == 32


def test_a_sign_out_ends_the_session_at_the_server(ana: User) -> None:
    client, thief = Client(), Client()
    sign_in(client)
    thief.cookies["session"] = client.cookies["session"].value
    assert is_in(thief)
    assert client.get("/accounts/logout/").status_code == 200
    assert is_in(thief)  # a look signs nobody out
    client.post("/accounts/logout/")
    assert not is_in(thief)


@pytest.mark.parametrize(("is_staff", "hours"), [(True, 12), (False, 14 * 24)])
def test_a_session_ends_by_its_age_however_often_it_is_used(ana: User, is_staff: bool, hours: int) -> None:
    User.objects.update(is_staff=is_staff)
    client, began = Client(), datetime.now(UTC)
    with time_machine.travel(began, tick=False):
        sign_in(client)
    steps = [hours * share / 10 for share in range(1, 10)]
    for hour in steps:
        cache.clear()
        with time_machine.travel(began + timedelta(hours=hour), tick=False):
            assert is_in(client), hour
            session = client.session
            session["used"] = hour
            session.save()
    with time_machine.travel(began + timedelta(hours=hours, seconds=5), tick=False):
        assert not is_in(client)
        assert client.session.session_key is None or "_auth_user_id" not in client.session


@pytest.mark.parametrize(("is_staff", "hours"), [(True, 2), (False, 7 * 24)])
def test_a_session_that_is_not_used_ends(ana: User, is_staff: bool, hours: int) -> None:
    User.objects.update(is_staff=is_staff)
    began = datetime.now(UTC)
    for late, ends in ((-60, True), (60, False)):
        client = Client()
        cache.clear()
        with time_machine.travel(began, tick=False):
            sign_in(client)
        cache.clear()
        with time_machine.travel(began + timedelta(hours=hours, seconds=late), tick=False):
            assert is_in(client) is ends


def test_who_is_switched_off_is_out_at_once(ana: User) -> None:
    client = Client()
    sign_in(client)
    User.objects.update(is_active=False)
    assert not is_in(client)


def test_a_sign_up_is_a_sign_in_with_its_time(ana: User) -> None:
    client = Client()
    client.post("/accounts/signup/", {"email": "new@example.com", "password1": "tall green ladder"})
    assert abs(client.session["signed_in_at"] - time.time()) < 60


# --- Where one is led -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_a_sign_in_leads_to_our_own_pages_alone(ana: User, target: str) -> None:
    client = Client()
    answer = client.post(LOGIN, {"login": ana.email, "password": PASSWORD, "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.post("/accounts/logout/", {"next": target})["Location"] == "/"
    assert client.get(f"/admin/login/?next={target}")["Location"] == "/accounts/login/?next=/admin/"


# --- The log ----------------------------------------------------------------------------------------------------------
def test_each_of_it_is_logged_without_what_was_typed(ana: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client = Client()
    sign_in(client, "ana@example.com", "wrong-and-secret")
    sign_in(client, "nobody@example.com", "wrong-and-secret")
    sign_in(client)
    client.post("/accounts/logout/")
    lines = [
        (line.message, getattr(line, "customer", None))
        for line in caplog.records
        if line.name == "panel.customers.sign_in.adapter"
    ]
    assert lines == [("sign-in failed", None), ("sign-in failed", None), ("signed in", ana.pk), ("signed out", ana.pk)]
    logged = " ".join(str(vars(line)) for line in caplog.records if line.name == "panel.customers.sign_in.adapter")
    assert "wrong-and-secret" not in logged
    assert "nobody@example.com" not in logged
