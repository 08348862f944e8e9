"""Checkpoints: derived, exact whatever commits late, and held against the transfers by the ledger check."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from panel.customers.models import User
from panel.ops.jobs.settled_ids import MAX_TRANSACTION_TIME, settle_ids, settled_id
from panel.ops.models import SettledIds
from panel.wallet import checkpoints, ledger
from panel.wallet.audit import recount_wallets, recount_wallets_lately
from panel.wallet.checkpoints import forget_checkpoints, keep_checkpoints
from panel.wallet.models import Account, Checkpoint, CheckpointProgress, Transfer

MILLIONTH = Decimal("0.000001")
START = datetime(2026, 3, 1, tzinfo=UTC)
LATER = timedelta(hours=2)


@pytest.fixture
def ada(db: None) -> User:
    user = User.objects.create_user("ada@example.com")
    ledger.credit_wallet(user=user, amount=Decimal(10), key="credit:1")
    return user


def settle_all() -> int:
    """Have all transfers of now be in the checkpoints."""
    keep_checkpoints(now=START)
    return keep_checkpoints(now=START + LATER)


def charge(user: User, number: int) -> None:
    ledger.charge(customer=user, amount=Decimal("1.000001"), key=f"charge:{number}", cause=f"order:{number}")


def held() -> Decimal:
    return ledger.house_balance(house="held", currency="USD")


def test_an_id_is_settled_once_the_longest_transaction_is_over(ada: User) -> None:
    newest = Transfer.objects.get().pk
    assert settle_ids(model=Transfer, now=START) == 0
    charge(ada, 1)
    almost = START + MAX_TRANSACTION_TIME
    assert settle_ids(model=Transfer, now=almost) == settled_id(model=Transfer) == 0
    assert settle_ids(model=Transfer, now=almost + timedelta(minutes=5)) == newest
    assert settled_id(model=Transfer) == newest
    assert settle_ids(model=Transfer, now=START + 2 * LATER) == newest + 1


def test_what_was_seen_by_a_clock_that_was_ahead_settles_nothing(ada: User) -> None:
    settle_ids(model=Transfer, now=START + timedelta(days=30))
    assert settle_ids(model=Transfer, now=START) == 0
    assert SettledIds.objects.get(table="wallet_transfer").seen_at == START
    assert settle_ids(model=Transfer, now=START + LATER) == Transfer.objects.get().pk


def test_a_balance_is_its_checkpoint_and_what_came_since(
    ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    charge(ada, 1)
    assert settle_all() == 0
    charge(ada, 2)
    account = Account.objects.get(house="held")
    assert Checkpoint.objects.get(account=account).balance == Decimal("1.000001")
    with django_assert_num_queries(2):
        assert held() == ledger.balance(account=account) == Decimal("2.000002")
    # Only what came since is read beside the checkpoint:
    Checkpoint.objects.filter(account=account).update(balance=Decimal(5))
    assert held() == Decimal("6.000001")


def test_an_account_without_a_checkpoint_is_summed_whole(ada: User) -> None:
    settle_all()
    charge(ada, 1)
    assert held() == Decimal("1.000001")
    assert ledger.house_balance(house="revenue", currency="USD") == 0


@pytest.mark.parametrize("column", ["balance", "upto"])
def test_a_checkpoint_that_is_off_is_found_in_full_and_mended_by_building_it_anew(ada: User, column: str) -> None:
    charge(ada, 1)
    settle_all()
    house = Account.objects.get(house="held")
    off = {"balance": Decimal("1.000002")} if column == "balance" else {"upto": 0}
    Checkpoint.objects.filter(account=house).update(**off)
    shown = Decimal("1.000002") if column == "balance" else Decimal("2.000002")
    assert recount_wallets() == [f"checkpoint of account {house.pk}: makes it {shown}, its transfers come to 1.000001"]
    call_command("rebuild_checkpoints")
    assert (recount_wallets(), held()) == ([], Decimal("1.000001"))
    assert Checkpoint.objects.count() == 3


def test_a_wallet_that_is_off_by_a_millionth_is_found_from_the_checkpoints_on(ada: User) -> None:
    charge(ada, 1)
    settle_all()
    charge(ada, 2)
    assert recount_wallets_lately() == []
    wallet = Account.objects.get(customer=ada)
    Account.objects.filter(pk=wallet.pk).update(balance=wallet.balance + MILLIONTH)
    line = f"wallet {wallet.pk}: holds 7.999999, its transfers come to 7.999998"
    assert recount_wallets_lately() == recount_wallets() == [line]


def test_dropping_the_checkpoints_changes_no_balance(ada: User) -> None:
    charge(ada, 1)
    settle_all()
    forget_checkpoints()
    assert Checkpoint.objects.count() == 0
    assert held() == Decimal("1.000001")


class History:
    """Transfers whose ids are given in one order and which appear in another, within the longest transaction."""

    def __init__(self, seed: int, accounts: list[int]) -> None:
        self.random, self.accounts = random.Random(seed), accounts
        self.now, self.next_id = START, 1000
        self.open: list[tuple[datetime, Transfer]] = []

    def begin(self) -> None:
        """A transaction takes its id, and ends some time later, or never."""
        source, target = self.random.sample(self.accounts, 2)
        self.next_id += self.random.choice([1, 1, 1, 7])
        row = Transfer(
            pk=self.next_id,
            key=f"random:{self.next_id}",
            source_id=source,
            target_id=target,
            amount=self.random.randint(1, 10**9) * MILLIONTH,
            created_at=self.now - timedelta(seconds=self.random.randint(-200, 3000)),
        )
        if self.random.random() < 0.9:
            self.open.append((self.now + self.random.choice([0, 0, 0.1, 1]) * MAX_TRANSACTION_TIME, row))

    def go_on(self) -> None:
        """Time passes, and what ends until then appears."""
        self.now += timedelta(minutes=self.random.randint(0, 40))
        Transfer.objects.bulk_create(row for at, row in self.open if at <= self.now)
        self.open = [(at, row) for at, row in self.open if at > self.now]


def sums() -> dict[int, Decimal]:
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    for source, target, amount in Transfer.objects.values_list("source", "target", "amount"):
        found[source] -= amount
        found[target] += amount
    return found


@pytest.mark.parametrize("seed", range(6))
def test_random_histories_come_to_the_full_sums(db: None, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "STEP", 5)
    houses = [ledger.house_account(house=f"house:{number}", currency="USD") for number in range(4)]
    history = History(seed, [house.pk for house in houses])
    for _ in range(60):
        for _ in range(history.random.randint(0, 3)):
            history.begin()
        history.go_on()
        if history.random.random() < 0.5:
            keep_checkpoints(now=history.now, seconds=history.random.choice([0, 10]))
        full = sums()
        assert [ledger.balance(account=house) for house in houses] == [full[house.pk] for house in houses]
    assert CheckpointProgress.objects.get().upto > 1000
    assert Transfer.objects.filter(pk__gt=CheckpointProgress.objects.get().upto).exists()
    assert recount_wallets() == []
