"""What customers send as a proof is kept as long as it is needed, and cannot fill the disk."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.utils import timezone

from panel.customers.models import User
from panel.ops.mail_files import forget_mails
from panel.ops.models import Alert
from panel.wallet.deposits import limits
from panel.wallet.deposits.deposits import approve_deposit, cancel_deposit, reject_deposit, report_deposit
from panel.wallet.deposits.picture_cleanup import CleanupResult, sweep_pictures
from panel.wallet.gateways.base import InvalidDepositError
from panel.wallet.models import PaymentMethod, TopUp

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 100
MEGABYTE = 1024 * 1024


@pytest.fixture
def ada() -> User:
    PaymentMethod.objects.create(name="Bank", instructions="Pay.")
    return User.objects.create_user("ada@example.com")


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(TopUp.picture.field, "storage", FileSystemStorage(location=tmp_path / "top-ups"))


def ask(customer: User, *, picture: bytes = PNG, now: datetime | None = None) -> TopUp:
    return report_deposit(
        customer=customer,
        method_id=PaymentMethod.objects.get().pk,
        amount=Decimal(50),
        reference="Ada",
        picture=picture,
        token=f"{TopUp.objects.count():032x}",
        now=now or timezone.now(),
    )


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "top-ups").glob("*"))


def withdraw(top_up: TopUp) -> None:
    assert cancel_deposit(customer=top_up.customer, deposit_id=top_up.pk, now=timezone.now())


def refuse(top_up: TopUp) -> None:
    reject_deposit(deposit_id=top_up.pk, note="Nothing came.", actor="staff", now=timezone.now())


@pytest.mark.parametrize("close", [withdraw, refuse])
def test_the_picture_of_a_withdrawn_or_refused_deposit_is_deleted_with_it(
    ada: User, tmp_path: Path, close: Callable[[TopUp], None], django_capture_on_commit_callbacks: Any
) -> None:
    top_up = ask(ada)
    assert files(tmp_path) == [top_up.picture.name]
    with django_capture_on_commit_callbacks(execute=True):
        close(top_up)
        assert files(tmp_path) == [top_up.picture.name]  # until that is committed
    top_up.refresh_from_db()
    assert (files(tmp_path), top_up.picture.name, top_up.picture_size) == ([], "", len(PNG))


def test_the_picture_of_a_credited_deposit_is_kept_for_half_a_year(ada: User, tmp_path: Path) -> None:
    top_up, now = ask(ada), timezone.now()
    approve_deposit(deposit_id=top_up.pk, amount=Decimal(50), note="", actor="staff", now=now)
    assert sweep_pictures(now=now + timedelta(days=180)) == CleanupResult()
    assert sweep_pictures(now=now + timedelta(days=180, seconds=1)) == CleanupResult(dropped=1)
    assert (files(tmp_path), TopUp.objects.get().picture.name) == ([], "")


def test_the_sweep_finds_what_a_crash_left(ada: User, tmp_path: Path) -> None:
    assert sweep_pictures(now=timezone.now()) == CleanupResult()  # there is no folder yet
    waiting, withdrawn = ask(ada), ask(ada)
    withdraw(withdrawn)  # and what follows the commit never ran
    for name, age in (("old.png", 25), ("new.png", 23)):
        file = tmp_path / "top-ups" / name
        file.write_bytes(PNG)
        at = (timezone.now() - timedelta(hours=age)).timestamp()
        os.utime(file, (at, at))
    assert sweep_pictures(now=timezone.now()) == CleanupResult(dropped=1, orphaned=1)
    assert files(tmp_path) == sorted(["new.png", str(waiting.picture.name)])
    assert sweep_pictures(now=timezone.now()) == CleanupResult()


def test_a_file_that_another_run_deletes_at_the_same_moment_is_no_failure(
    ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(ada)
    for name in ("a.png", "b.png"):
        (tmp_path / "top-ups" / name).write_bytes(PNG)
        os.utime(tmp_path / "top-ups" / name, (0, 0))
    store, listed = TopUp.picture.field.storage, TopUp.picture.field.storage.listdir

    def then_deleted(path: str) -> Any:
        found = listed(path)
        store.delete("a.png")
        return found

    monkeypatch.setattr(store, "listdir", then_deleted)
    assert sweep_pictures(now=timezone.now()) == CleanupResult(orphaned=1)


def refused(customer: User, match: str, **given: Any) -> None:
    """The request is refused with these words, and nothing is kept of it."""
    folder = Path(TopUp.picture.field.storage.path(""))
    before = (TopUp.objects.count(), sorted(folder.glob("*")), Alert.objects.count())
    with pytest.raises(InvalidDepositError, match=match):
        ask(customer, **given)
    assert (TopUp.objects.count(), sorted(folder.glob("*")), Alert.objects.count()) == before


def test_asking_and_withdrawing_again_and_again_ends(ada: User) -> None:
    now = timezone.now()
    for _ in range(20):
        withdraw(ask(ada, now=now))
    refused(ada, "You can report up to 20 deposits per day", now=now)
    refused(ada, "You can report up to 20 deposits per day", now=now + timedelta(hours=23))
    ask(User.objects.create_user("bob@example.com"), now=now)  # another's day
    ask(ada, now=now + timedelta(days=1))


def test_a_customers_pictures_of_a_day_have_a_limit_in_bytes(ada: User) -> None:
    now, large = timezone.now(), PNG + b"x" * (5 * MEGABYTE - len(PNG))
    for _ in range(5):
        withdraw(ask(ada, picture=large, now=now))
    refused(ada, "You.ve reached today.s limit for images", now=now)
    ask(ada, picture=b"", now=now)
    ask(ada, picture=large, now=now + timedelta(days=1))


def test_all_pictures_and_deposits_of_a_day_have_limits(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    bob, now = User.objects.create_user("bob@example.com"), timezone.now()
    ask(ada, now=now)
    monkeypatch.setattr(limits, "MAX_BYTES_PER_DAY_TOTAL", 2 * len(PNG) - 1)
    refused(bob, "We can.t store more images today", now=now)
    ask(bob, picture=b"", now=now)
    monkeypatch.setattr(limits, "MAX_PER_DAY_TOTAL", 2)
    refused(bob, "We received too many deposits today", picture=b"", now=now)
    ask(bob, picture=b"", now=now + timedelta(days=1))


def test_old_mails_that_are_kept_as_files_are_deleted(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    assert forget_mails(now=timezone.now()) == 0
    (tmp_path / "mail").mkdir()
    for name, days in (("old.log", 31), ("new.log", 29), ("notes.txt", 31)):
        file = tmp_path / "mail" / name
        file.write_text("x")
        at = (timezone.now() - timedelta(days=days)).timestamp()
        os.utime(file, (at, at))
    assert forget_mails(now=timezone.now()) == 1
    assert sorted(file.name for file in (tmp_path / "mail").iterdir()) == ["new.log", "notes.txt"]
