"""A running day adds what came since, each transfer once, whatever commits late; at its close it is verified."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from orders.reports import roll_up as roll_up_module
from orders.reports.aggregation import SHOP, add_up
from orders.reports.days import ONE, midnight
from orders.reports.models import DailyFigure, RolledDay
from orders.reports.roll_up import roll_day
from orders.reports.today import Counted, count_new
from panel.customers.models import User
from panel.ops.jobs.settled_ids import settle_ids
from panel.wallet import ledger
from panel.wallet.models import Transfer
from tests.panel.wallet.test_checkpoints import History

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 1, 20, tzinfo=UTC)
TODAY, TOMORROW = START.date(), START.date() + ONE


@pytest.fixture
def accounts() -> list[int]:
    """Two customers' wallets, and accounts of the house."""
    users = [User.objects.create_user(f"{name}@example.com") for name in ("ada", "bo")]
    wallets = [ledger.wallet_of(user=user) for user in users]
    names = ("held", "revenue", "gateway", "provider:1", "cost:1")
    return [account.pk for account in [*wallets, *(ledger.house_account(house=n, currency="USD") for n in names)]]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many transfers each run adds up."""
    counts: list[int] = []
    real = roll_up_module.add_up_these

    def counting(transfers: Any) -> Any:
        counts.append(transfers.count())
        return real(transfers)

    monkeypatch.setattr(roll_up_module, "add_up_these", counting)
    return counts


def pay(number: int, accounts: list[int], at: datetime, **more: int) -> None:
    Transfer.objects.create(
        key=f"topup:{number}",
        source_id=accounts[4],
        target_id=accounts[0],
        amount=Decimal(number),
        created_at=at,
        **more,
    )


def settle(now: datetime) -> None:
    settle_ids(model=Transfer, now=now - timedelta(hours=2))
    settle_ids(model=Transfer, now=now)


def rolled(day: Any) -> dict[tuple[str, int], Any]:
    return {(row.scope, row.subject): row.figures for row in DailyFigure.objects.filter(day=day)}


def full(day: Any) -> dict[tuple[str, int], Any]:
    return dict(add_up(since=midnight(day), until=midnight(day + ONE)))


def test_a_run_adds_only_what_came_since(accounts: list[int], counted: list[int]) -> None:
    for number in range(1, 6):
        pay(number, accounts, START)
    settle(START)
    for number in (6, 7):
        roll_day(day=TODAY, now=START)
        pay(number, accounts, START)
    assert roll_day(day=TODAY, now=START) == 2
    assert roll_day(day=TODAY, now=START) == 0
    assert counted == [5, 1, 1, 0]
    assert rolled(TODAY) == full(TODAY)
    assert rolled(TODAY)[SHOP].topped_up == 28


def test_without_settled_ids_all_of_it_is_added_up(accounts: list[int], counted: list[int]) -> None:
    for number in (1, 2):
        pay(number, accounts, START)
        roll_day(day=TODAY, now=START)
    assert counted == [1, 2]
    assert RolledDay.objects.get().upto == 0


def test_what_appears_late_is_counted_once(accounts: list[int], counted: list[int]) -> None:
    pay(1, accounts, START, pk=10)
    settle(START)
    pay(2, accounts, START, pk=14)
    roll_day(day=TODAY, now=START)
    assert RolledDay.objects.get().missing == [[11, 13]]
    pay(3, accounts, START, pk=12)
    roll_day(day=TODAY, now=START)
    assert RolledDay.objects.get().missing == [[11, 11], [13, 13]]
    settle(START + timedelta(hours=4))
    pay(4, accounts, START, pk=11)  # appeared before this became settled, and after the last run
    roll_day(day=TODAY, now=START)
    assert RolledDay.objects.get().missing == []
    assert counted == [2, 1, 1]
    assert rolled(TODAY) == full(TODAY)


def test_many_late_ones_have_the_day_added_up_whole(accounts: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.reports.today.MAX_LATE", 1)
    pay(1, accounts, START, pk=10)
    settle(START)
    pay(2, accounts, START, pk=14)
    before, _ = count_new(Counted())
    for pk in (11, 12):
        pay(pk, accounts, START, pk=pk)
    after, new = count_new(before)
    assert (after.missing, new) == ([[13, 13]], None)


def test_a_rival_that_counted_meanwhile_is_not_counted_again(
    accounts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(1, accounts, START)
    settle(START)
    roll_day(day=TODAY, now=START)
    pay(2, accounts, START)
    real, rivals = roll_up_module.add_up_these, iter([True])

    def beside_a_rival(transfers: Any) -> Any:
        found = real(transfers)
        if next(rivals, False):
            assert roll_day(day=TODAY, now=START) == 2
        return found

    monkeypatch.setattr(roll_up_module, "add_up_these", beside_a_rival)
    assert roll_day(day=TODAY, now=START) == 0
    assert rolled(TODAY)[SHOP].topped_up == 3


def test_the_close_verifies_against_the_whole_and_puts_right(
    accounts: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    pay(1, accounts, START)
    settle(START)
    roll_day(day=TODAY, now=START)
    DailyFigure.objects.filter(scope="all").update(topped_up=Decimal("1.000001"))
    closed = midnight(TOMORROW) + timedelta(hours=1)
    assert roll_day(day=TODAY, now=closed) == 1
    assert rolled(TODAY) == full(TODAY)
    row = RolledDay.objects.get()
    assert (row.is_closed, row.upto, row.missing) == (True, 0, [])
    assert [record.message for record in caplog.records] == [
        "a day's figures differed from its transfers, and were put right"
    ]
    caplog.clear()
    assert roll_day(day=TODAY, now=closed) == 0
    assert caplog.records == []


@pytest.mark.parametrize("seed", range(6))
def test_random_histories_come_to_the_full_sums(accounts: list[int], seed: int) -> None:
    history = History(seed, accounts)
    history.now = START - timedelta(hours=3)
    chance, increments = random.Random(seed), 0
    for _ in range(40):
        for _ in range(chance.randint(0, 4)):
            history.begin()
        history.go_on()
        if chance.random() < 0.7:
            settle_ids(model=Transfer, now=history.now)
        with time_machine.travel(history.now, tick=False):
            for day in (TODAY, TOMORROW):
                roll_day(day=day, now=history.now)
        increments += RolledDay.objects.filter(upto__gt=0).count()
        closed = set(RolledDay.objects.filter(is_closed=True).values_list("day", flat=True))
        for day in {TODAY, TOMORROW} - closed:
            assert rolled(day) == full(day)
    assert increments > 10
