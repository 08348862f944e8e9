"""Adding money by hand: asked for, decided on once, credited exactly; and everything that is refused."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from orders.accounting.audit import audit_all
from panel.customers.models import User
from panel.ops.models import Alert, AuditEvent
from panel.wallet import ledger
from panel.wallet.deposits.deposits import (
    DepositDecidedError,
    approve_deposit,
    cancel_deposit,
    reject_deposit,
    report_deposit,
)
from panel.wallet.gateways.base import InvalidDepositError
from panel.wallet.models import PaymentMethod, TopUp, Transfer
from panel.wallet.statement import statement_page, wallet_balance
from tests.panel.web.emails import html_of

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 100
FORM = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", "correct horse battery")


@pytest.fixture
def bank() -> PaymentMethod:
    return PaymentMethod.objects.create(
        name="Bank", instructions="Pay to DE00.\n<b>Write your name.</b>", minimum=Decimal(5), maximum=Decimal(1000)
    )


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def ask(ada: User, bank: PaymentMethod, **given: Any) -> TopUp:
    values: dict[str, Any] = {"amount": Decimal("50.25"), "reference": "Ada, March", "token": FORM, **given}
    return report_deposit(customer=ada, method_id=bank.pk, now=timezone.now(), **values)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fields(bank: PaymentMethod, **given: Any) -> dict[str, Any]:
    return {"method": bank.pk, "amount": "50.25", "reference": "Ada, March", "token": FORM, **given}


def nothing_moved() -> bool:
    return not TopUp.objects.exists() and not Transfer.objects.exists() and not Alert.objects.exists()


def test_received_amount_is_credited_once(ada: User, bank: PaymentMethod) -> None:
    asked = ask(ada, bank)
    assert (asked.state, wallet_balance(user=ada)) == ("asked", 0)
    assert Alert.objects.get(closed_at=None).subject == "top-ups"
    done = approve_deposit(
        deposit_id=asked.pk, amount=Decimal("49.9"), note="Less a fee", actor="staff", now=timezone.now()
    )
    assert (done.state, done.credited, done.note, done.decided_by) == (
        "approved",
        Decimal("49.9"),
        "Less a fee",
        "staff",
    )
    assert wallet_balance(user=ada) == Decimal("49.9")
    transfer = Transfer.objects.get()
    assert (transfer.key, transfer.source.house, transfer.amount) == (
        f"topup:{asked.pk}",
        f"gateway:{bank.pk}",
        Decimal("49.9"),
    )
    assert [line.text for line in statement_page(user=ada, number=None)] == ["Deposit"]
    assert not Alert.objects.filter(closed_at=None).exists()
    assert AuditEvent.objects.get().detail == {"credited": "49.9"}
    for decide in (approve_again, refuse_again):
        with pytest.raises(DepositDecidedError, match="This deposit was already reviewed"):
            decide(asked)
    assert wallet_balance(user=ada) == Decimal("49.9")
    assert audit_all() == []


def approve_again(asked: TopUp) -> None:
    approve_deposit(deposit_id=asked.pk, amount=Decimal(1), note="", actor="staff", now=timezone.now())


def refuse_again(asked: TopUp) -> None:
    reject_deposit(deposit_id=asked.pk, note="No", actor="staff", now=timezone.now())


def test_customer_is_notified_of_the_decision(
    ada: User, bank: PaymentMethod, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = ask(ada, bank), ask(ada, bank, token="f" * 32)
    with django_capture_on_commit_callbacks(execute=True):
        approve_deposit(deposit_id=first.pk, amount=Decimal(7), note="", actor="staff", now=timezone.now())
        reject_deposit(deposit_id=second.pk, note="Nothing came.", actor="staff", now=timezone.now())
    credited, rejected = (message for message in mail.outbox if message.to == ["ada@example.com"])
    link = "http://127.0.0.1:8000/wallet/"
    assert credited.subject == rejected.subject == "[Panel] Your deposit"
    assert credited.body == f"We added $7.00 to your balance.\n\n{link}\n"
    text = "We couldn't accept your deposit of $50.25. Nothing was added to your balance."
    assert rejected.body == f"{text}\n\nNothing came.\n\n{link}\n"
    assert "We added $7.00 to your balance.</font>" in html_of(credited)
    assert "Nothing came.</font>" in html_of(rejected)


def test_rejection_moves_nothing_and_needs_a_reason(ada: User, bank: PaymentMethod) -> None:
    asked = ask(ada, bank)
    with pytest.raises(InvalidDepositError, match="Tell the customer why you reject this deposit"):
        reject_deposit(deposit_id=asked.pk, note="  ", actor="staff", now=timezone.now())
    assert TopUp.objects.get().state == "asked"
    reject_deposit(deposit_id=asked.pk, note="Nothing came.", actor="staff", now=timezone.now())
    assert (TopUp.objects.get().state, wallet_balance(user=ada)) == ("refused", 0)


@pytest.mark.parametrize("amount", ["0", "-5", "1000000000000"])
def test_invalid_amount_is_not_credited(ada: User, bank: PaymentMethod, amount: str) -> None:
    asked = ask(ada, bank)
    with pytest.raises(InvalidDepositError):
        approve_deposit(deposit_id=asked.pk, amount=Decimal(amount), note="", actor="staff", now=timezone.now())
    assert (TopUp.objects.get().state, wallet_balance(user=ada)) == ("asked", 0)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"amount": Decimal("4.99")}, "amount"),
        ({"amount": Decimal("1000.01")}, "amount"),
        ({"reference": "  "}, "reference"),
        ({"reference": "x" * 201}, "reference"),
        ({"reference": "a\x00b"}, "reference"),
        ({"reference": "a\u202eb"}, "reference"),
        ({"picture": b"GIF89a"}, "picture"),
        ({"picture": b"<svg onload=alert(1)>"}, "picture"),
        ({"picture": PNG + b"x" * 5 * 1024 * 1024}, "picture"),
    ],
)
def test_invalid_deposit_is_refused(ada: User, bank: PaymentMethod, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidDepositError) as refused:
        ask(ada, bank, **given)
    assert refused.value.field == field
    assert nothing_moved()


def test_inactive_payment_method_is_refused(ada: User, bank: PaymentMethod) -> None:
    PaymentMethod.objects.update(is_active=False)
    with pytest.raises(InvalidDepositError, match="no longer available"):
        ask(ada, bank)
    assert nothing_moved()


def test_five_deposits_can_be_pending(ada: User, bank: PaymentMethod) -> None:
    for number in range(5):
        ask(ada, bank, token=f"{number:032x}")
    with pytest.raises(InvalidDepositError, match="You already have 5 pending deposits"):
        ask(ada, bank, token="f" * 32)
    assert TopUp.objects.count() == 5
    assert ask(ada, bank, token=f"{0:032x}").pk == TopUp.objects.earliest("pk").pk


def test_wallet_page_reports_shows_and_cancels_a_deposit(ada: User, bank: PaymentMethod) -> None:
    client = signed_in(ada)
    page = client.get("/wallet/").content.decode()
    assert "&lt;b&gt;Write your name.&lt;/b&gt;" in page
    picture = SimpleUploadedFile("../../evil name.PHP", PNG)
    for _ in range(2):
        assert client.post("/wallet/top-up/", fields(bank, picture=picture)).status_code == 302
        picture.seek(0)
    asked = TopUp.objects.get()
    assert asked.picture.name.endswith(".png")
    assert "evil" not in asked.picture.name
    client.post(f"/wallet/top-up/{asked.pk}/withdraw/")
    assert TopUp.objects.get().state == "withdrawn"
    assert not Alert.objects.filter(closed_at=None).exists()
    assert cancel_deposit(customer=ada, deposit_id=asked.pk, now=timezone.now()) is False


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"amount": "nonsense"}, "is not an amount"),
        ({"amount": "1.1234567"}, "more than 6 decimals"),
        ({"amount": ""}, "This field is required"),
        ({"amount": "-7"}, "Enter an amount between $5.00 and $1,000.00."),
        ({"reference": ""}, "This field is required"),
        ({"method": "999"}, "not one of the available choices"),
        ({"token": "x"}, "This page has expired"),
        ({"picture": SimpleUploadedFile("a.png", b"<html>")}, "Upload the image as PNG, JPEG or WebP."),
        (
            {"picture": SimpleUploadedFile("a.png", PNG + b"x" * 5 * 1024 * 1024)},
            "The image is too large. It can be up to 5 MB.",
        ),
    ],
)
def test_invalid_form_is_shown_again(ada: User, bank: PaymentMethod, given: dict[str, Any], said: str) -> None:
    answer = signed_in(ada).post("/wallet/top-up/", fields(bank, **given))
    assert answer.status_code == 422
    assert said in answer.content.decode().replace("&#x27;", "'")
    assert nothing_moved()


def test_image_is_for_its_customer_and_reviewing_staff(ada: User, bank: PaymentMethod) -> None:
    asked = ask(ada, bank, picture=PNG)
    path = f"/wallet/top-up/{asked.pk}/picture/"
    answer = signed_in(ada).get(path)
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Disposition"].startswith("attachment")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert signed_in(User.objects.create_user("eve@example.com")).get(path).status_code == 404
    member = User.objects.create_user("eyes@example.com", is_staff=True)
    assert signed_in(member).get(path).status_code == 404
    member.user_permissions.add(Permission.objects.get(codename="change_topup"))
    assert signed_in(User.objects.get(pk=member.pk)).get(path).status_code == 200
    assert Client().get(path).status_code == 302


def test_staff_without_a_required_second_factor_see_no_image(ada: User, bank: PaymentMethod, settings: Any) -> None:
    settings.STAFF_TWO_FACTOR = True
    path = f"/wallet/top-up/{ask(ada, bank, picture=PNG).pk}/picture/"
    owner = User.objects.create_superuser("owner@example.com", "correct horse battery")
    assert signed_in(owner).get(path).status_code == 404
    Authenticator.objects.create(user=owner, type=Authenticator.Type.TOTP, data={})
    assert signed_in(owner).get(path).status_code == 200
    assert signed_in(ada).get(path).status_code == 200


def test_deleted_image_is_not_found(ada: User, bank: PaymentMethod) -> None:
    """As after a restore of a database that is older than the pictures."""
    asked = ask(ada, bank, picture=PNG)
    asked.picture.storage.delete(asked.picture.name)
    assert signed_in(ada).get(f"/wallet/top-up/{asked.pk}/picture/").status_code == 404


def test_deposit_of_another_customer_is_not_found(ada: User, bank: PaymentMethod) -> None:
    asked = ask(ada, bank)
    eve = signed_in(User.objects.create_user("eve@example.com"))
    assert eve.post(f"/wallet/top-up/{asked.pk}/withdraw/").status_code == 404
    assert TopUp.objects.get().state == "asked"
    assert "Ada, March" not in eve.get("/wallet/").content.decode()


@pytest.mark.parametrize(
    ("codenames", "status"), [(["change_topup", "view_topup"], 302), (["view_topup"], 403), ([], 403)]
)
def test_reviewing_needs_the_permission(ada: User, bank: PaymentMethod, codenames: list[str], status: int) -> None:
    asked = ask(ada, bank)
    member = User.objects.create_user("staff@example.com", is_staff=True)
    member.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    given = {"amount": "50", "note": "", "decision": "approve"}
    answer = signed_in(member).post(f"/admin/wallet/topup/{asked.pk}/decide/", given)
    assert answer.status_code == status
    assert wallet_balance(user=ada) == (50 if status == 302 else 0)


@pytest.mark.parametrize(
    ("given", "status", "state"),
    [
        ({"amount": "50", "note": "", "decision": "approve"}, 302, "approved"),
        ({"amount": "0", "note": "", "decision": "approve"}, 422, "asked"),
        ({"amount": "x", "note": "", "decision": "approve"}, 422, "asked"),
        ({"amount": "", "note": "Nothing came.", "decision": "refuse"}, 302, "refused"),
        ({"amount": "50", "note": "", "decision": "refuse"}, 422, "asked"),
    ],
)
def test_deposit_is_reviewed_in_the_admin(
    ada: User, bank: PaymentMethod, given: dict[str, str], status: int, state: str
) -> None:
    asked = ask(ada, bank)
    owner = signed_in(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    assert ">Review</a>" in owner.get("/admin/wallet/topup/").content.decode()
    path = f"/admin/wallet/topup/{asked.pk}/decide/"
    assert 'value="50.25"' in owner.get(path).content.decode()
    assert owner.post(path, given).status_code == status
    assert TopUp.objects.get().state == state
    again = owner.post(path, {"amount": "50", "note": "Again", "decision": "approve"})
    assert again.status_code == 302
    assert wallet_balance(user=ada) == (0 if state == "refused" else 50)
    assert ledger.balance(account=ledger.house_account(house=f"gateway:{bank.pk}", currency="USD")) in {0, -50}
