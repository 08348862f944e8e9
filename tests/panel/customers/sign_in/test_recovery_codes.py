"""Recovery codes: shown once, kept as digests, each of them good for one sign-in."""

import logging
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from panel.customers.models import RecoveryCode, User
from panel.customers.sign_in.recovery_codes import LETTERS, make_recovery_codes, use_recovery_code
from panel.ops.models import AuditEvent
from tests.panel.customers.sign_in.test_sign_in import PASSWORD, code_of, is_in, second_factor, sign_in
from tests.panel.web.emails import html_of

pytestmark = pytest.mark.django_db
NEW_CODES = "/accounts/2fa/recovery-codes/generate/"
BEFORE, AFTER = [("customers", "0009_recovery_codes")], [("customers", "0010_hash_recovery_codes")]


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana@example.com", PASSWORD)


def enter(code: str) -> Client:
    client = Client()
    sign_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return client


def confirmed(client: Client) -> Client:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def left(user: User) -> int:
    return RecoveryCode.objects.unused().filter(authenticator__user=user).count()


def test_ten_codes_of_120_bits_are_shown_once_and_kept_as_digests(ana: User) -> None:
    codes = second_factor(ana)
    assert (len(codes), len(set(codes)), len(LETTERS)) == (10, 10, 32)
    assert all(re.fullmatch(rf"([{LETTERS}]{{4}}-){{5}}[{LETTERS}]{{4}}", code) for code in codes)
    kept = list(RecoveryCode.objects.values_list("digest", flat=True))
    assert len(kept) == 10
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in kept)
    assert [factor.type for factor in Authenticator.objects.all()] == ["totp"]
    client = enter(codes[0])
    page = client.get("/accounts/2fa/").content.decode()
    assert "9 of 10 left" in page
    assert not any(code in page for code in codes)


def test_the_page_that_shows_them_can_be_downloaded_and_is_kept_by_no_cache(ana: User) -> None:
    client = confirmed(enter(second_factor(ana)[0]))
    shown = client.post(NEW_CODES)
    codes = shown.context["codes"]
    page = shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert f'href="data:text/plain;charset=utf-8,{"%0A".join(codes)}" download="recovery-codes.txt"' in page
    assert all(f"<li>{code}</li>" in page for code in codes)


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), lambda code: code.replace("1", "l")])
def test_a_code_is_read_as_people_type_it(ana: User, typed: Any) -> None:
    second_factor(ana)
    code = make_recovery_codes(authenticator=Authenticator.objects.get())[0]
    assert is_in(enter(f" {typed(code)} "))
    assert left(ana) == 9


def test_a_code_opens_once_and_for_its_owner_alone(ana: User) -> None:
    eve = User.objects.create_user("eve@example.com", PASSWORD)
    code = second_factor(ana)[0]
    second_factor(eve)
    assert use_recovery_code(user=eve, text=code, now=timezone.now()) is None
    assert (left(ana), left(eve)) == (10, 10)
    assert is_in(enter(code))
    assert not is_in(enter(code))
    assert (left(ana), left(eve)) == (9, 10)


def test_its_use_is_a_line_of_the_log_and_a_mail(ana: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "panel.customers")
    code = second_factor(ana)[0]
    mail.outbox.clear()
    enter(code)
    used = next(record for record in caplog.records if record.message == "recovery code used")
    assert (used.__dict__["customer"], used.__dict__["left"]) == (ana.pk, 9)
    assert not any(code in str(record.__dict__) for record in caplog.records)
    email = mail.outbox[0]
    assert (email.to, email.subject.endswith("A recovery code was used")) == ([ana.email], True)
    assert "You have 9 codes left." in email.body
    assert "You have 9 codes left.</font>" in html_of(email)


def test_a_mail_server_that_is_away_keeps_nobody_out(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    code = second_factor(ana)[0]
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", away)
    assert is_in(enter(code))


def test_five_wrong_codes_close_it_for_right_ones_too(ana: User) -> None:
    code = second_factor(ana)[0]
    client = Client()
    sign_in(client)
    for _ in range(5):
        answer = client.post("/accounts/2fa/authenticate/", {"code": "0000-" * 6})
        assert "Incorrect code" in answer.content.decode()
    assert "Too many failed" in client.post("/accounts/2fa/authenticate/", {"code": code}).content.decode()
    assert not is_in(client)
    assert left(ana) == 10


def test_a_code_confirms_who_is_signed_in(ana: User) -> None:
    code = second_factor(ana)[0]
    client = Client()
    client.force_login(ana)
    assert client.post("/accounts/2fa/reauthenticate/", {"code": code}).status_code == 302
    assert left(ana) == 9
    assert client.get(NEW_CODES).status_code == 200


def test_new_codes_are_asked_for_the_code_again_and_end_the_old_ones(ana: User) -> None:
    old = second_factor(ana)
    client = Client()
    client.force_login(ana)
    for asked in (client.get(NEW_CODES), client.post(NEW_CODES)):
        assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert left(ana) == 10
    client.post("/accounts/2fa/reauthenticate/", {"code": code_of(Authenticator.objects.get())})
    assert "Your 10 unused codes stop working immediately." in client.get(NEW_CODES).content.decode()
    new = client.post(NEW_CODES).context["codes"]
    assert not set(new) & set(old)
    assert RecoveryCode.objects.count() == 10
    cache.clear()
    assert not is_in(enter(old[0]))
    assert is_in(enter(new[0]))
    made = AuditEvent.objects.filter(action="recovery_codes.make").values_list("actor", "target")
    assert list(made) == [(ana.email, f"user:{ana.pk}")] * 2


def test_without_a_second_factor_there_are_none(ana: User) -> None:
    client = Client()
    sign_in(client)
    confirmed(client)
    for answer in (client.get(NEW_CODES), client.post(NEW_CODES)):
        assert answer["Location"] == "/accounts/2fa/"
    assert not RecoveryCode.objects.exists()


def test_they_go_with_the_second_factor(ana: User) -> None:
    code = second_factor(ana)[0]
    client = confirmed(enter(code))
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert not RecoveryCode.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_printed_codes_of_before_keep_working() -> None:
    """A filled database of the version before: unused codes become digests, seeds go, what no key opens stays."""

    def migrate(targets: list[tuple[str, str]]) -> None:
        MigrationExecutor(connection).migrate(targets)

    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    ana, bob, cid, dan = (
        User.objects.create(email=f"{name}@example.com", password=make_password(PASSWORD))
        for name in ("ana", "bob", "cid", "dan")
    )
    try:
        migrate(BEFORE)
        for user in (ana, bob, dan):
            Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
        old = RecoveryCodes.activate(ana)
        printed = old.generate_codes()
        assert old.validate_code(printed[3])
        RecoveryCodes.activate(cid)
        for user, data in ((bob, {"migrated_codes": ["moved-code-1"]}), (dan, {"seed": "v1.deadbeef.AAAA"})):
            Authenticator.objects.create(user=user, type="recovery_codes", data={**data, "used_mask": 0})
        migrate(AFTER)
    finally:
        migrate(newest)
    assert [left(user) for user in (ana, bob, cid, dan)] == [9, 1, 0, 0]
    assert [factor.user for factor in Authenticator.objects.filter(type="recovery_codes")] == [dan]
    assert not is_in(enter(printed[3]))
    assert is_in(enter(printed[4]))
    assert use_recovery_code(user=bob, text="moved-code-1", now=timezone.now()) is not None
    assert [left(ana), left(bob)] == [8, 0]
