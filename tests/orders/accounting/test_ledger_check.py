"""The scheduled check of the ledger: what moved every day, everything once a week; it ends at any size and goes on."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from orders import tasks
from orders.accounting import ledger_check
from orders.accounting.audit import audit_all
from orders.accounting.ledger_check import ROUND_EVERY, RUN_SECONDS, check_ledger
from orders.models import LedgerCheck, Order, OrderEvent
from orders.reports.models import DailyFigure, RolledDay, Scope
from orders.reports.roll_up import roll_up
from panel.ops.models import Alert, JobRun
from panel.wallet.checkpoints import keep_checkpoints
from panel.wallet.models import Account, Checkpoint, Transfer
from tests.fixtures_orders import LINK, Store

pytestmark = pytest.mark.django_db
MILLIONTH = Decimal("0.000001")
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(datetime(2026, 3, 10, 12, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def orders(clock: Any, store: Store) -> list[Order]:
    return [store.active(link=f"{LINK}/{number}", quantity=str(1000 + number)) for number in range(7)]


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Slices of two orders, and how many fit into a run: the clock ticks once each time it is asked."""
    monkeypatch.setattr(ledger_check, "ROWS", 2)
    ticks = iter(range(10**6))
    monkeypatch.setattr(ledger_check.time, "monotonic", lambda: next(ticks))


def damage(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(cost=Decimal(1))


def repair(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(cost=order.cost)


def change(order: Order) -> None:
    OrderEvent.objects.create(order=order, what="started")


def open_alerts() -> set[str]:
    return set(Alert.objects.filter(closed_at=None, subject__startswith="books").values_list("subject", flat=True))


def found_in(lines: list[str]) -> list[int]:
    return [int(line.split()[1].rstrip(":")) for line in lines]


def settle_everything(clock: Any) -> None:
    """Have all transfers and events of now be settled, and known to the check as looked at."""
    for _ in range(3):
        tasks.take_checkpoints()
        check_ledger()
        clock.shift(timedelta(hours=2))
    place, newest = LedgerCheck.objects.get(), OrderEvent.objects.latest("pk").pk
    assert (place.last_transfer, place.last_event) == (Transfer.objects.latest("pk").pk, newest)


def test_a_run_goes_on_where_the_last_one_ended(orders: list[Order], slices: Any) -> None:
    damage(orders[5])
    first = check_ledger(seconds=3)  # two slices
    assert (first.differences, first.orders_left) == ([], 3)
    assert open_alerts() == {"books-unfinished"}
    assert Alert.objects.get(subject="books-unfinished").detail.startswith("3 orders are left.")
    place = LedgerCheck.objects.get()
    assert (place.is_in_round, place.last_order) == (True, orders[3].pk)
    LedgerCheck.objects.update(last_event=10**9, last_transfer=10**9)  # nothing moved
    second = check_ledger(seconds=100)
    assert (found_in(second.differences), second.orders_left) == ([orders[5].pk], 0)
    assert open_alerts() == {"books"}
    assert not LedgerCheck.objects.get().is_in_round


def test_everything_is_checked_once_a_week_and_what_moved_every_day(orders: list[Order], clock: Any) -> None:
    settle_everything(clock)
    damage(orders[0])  # no transfer and no event tells of it
    for _ in range(6):
        clock.shift(DAY)
        assert check_ledger().differences == []
    clock.shift(DAY)
    assert found_in(check_ledger().differences) == [orders[0].pk]
    assert audit_all() == check_ledger().differences


def test_after_a_difference_every_run_looks_at_everything_until_none_is_left(orders: list[Order], clock: Any) -> None:
    settle_everything(clock)
    damage(orders[0])
    change(orders[0])
    for _ in range(2):
        clock.shift(DAY)
        assert found_in(check_ledger().differences) == [orders[0].pk]
        assert open_alerts() == {"books"}
    repair(orders[0])
    assert check_ledger().differences == []
    assert open_alerts() == set()
    began = LedgerCheck.objects.get().round_began
    clock.shift(DAY)
    check_ledger()
    assert LedgerCheck.objects.get().round_began == began


def test_only_orders_that_moved_are_looked_at(
    orders: list[Order], store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle_everything(clock)
    real, seen = ledger_check.audit_orders, []
    monkeypatch.setattr(ledger_check, "audit_orders", lambda pks: seen.extend(pks) or real(pks))
    check_ledger()
    assert seen == []
    change(orders[4])
    new = store.place(link=f"{LINK}/new")
    Transfer.objects.create(
        key="odd:1",
        source=Account.objects.get(house="held"),
        target=Account.objects.get(house="adjustment"),
        amount=MILLIONTH,
        cause=f"order:{orders[2].pk}",
    )
    assert found_in(check_ledger().differences) == [orders[2].pk]
    assert seen == [orders[2].pk, orders[4].pk, new.pk]


def test_what_moved_and_does_not_fit_into_a_run_comes_again(orders: list[Order], slices: Any) -> None:
    LedgerCheck.objects.create(round_began=datetime(2026, 3, 10, tzinfo=UTC), last_transfer=1, last_event=1)
    damage(orders[6])
    first = check_ledger(seconds=3)
    assert (first.differences, first.orders_left) == ([], 3)
    assert open_alerts() == {"books-unfinished"}
    assert found_in(check_ledger(seconds=100).differences) == [orders[6].pk]
    assert open_alerts() == {"books"}


def test_a_row_that_appears_late_is_looked_at(orders: list[Order], clock: Any) -> None:
    """Its id is lower than one that was seen, as its transaction ended later."""
    settle_everything(clock)
    newest = OrderEvent.objects.latest("pk").pk
    OrderEvent.objects.create(pk=newest + 2, order=orders[0], what="started")
    check_ledger()
    clock.shift(timedelta(minutes=50))
    damage(orders[3])
    OrderEvent.objects.create(pk=newest + 1, order=orders[3], what="started")
    clock.shift(DAY)
    assert found_in(check_ledger().differences) == [orders[3].pk]
    assert LedgerCheck.objects.get().last_event == newest + 2


def test_while_nothing_is_settled_every_run_looks_at_everything(orders: list[Order], clock: Any) -> None:
    """As on the days after an upgrade: what moved since an unknown moment is everything."""
    LedgerCheck.objects.create(last_event=OrderEvent.objects.latest("pk").pk)
    check_ledger()
    damage(orders[0])
    clock.shift(DAY)
    assert found_in(check_ledger().differences) == [orders[0].pk]


def test_a_run_that_is_stopped_loses_no_slice(
    orders: list[Order], slices: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = ledger_check.audit_between, []

    def dies_in_the_third(*, after: int, upto: int) -> list[str]:
        seen.append(upto)
        if len(seen) > 2:
            raise ZeroDivisionError
        return real(after=after, upto=upto)

    with monkeypatch.context() as patched:
        patched.setattr(ledger_check, "audit_between", dies_in_the_third)
        with pytest.raises(ZeroDivisionError):
            check_ledger(seconds=100)
    assert LedgerCheck.objects.get().last_order == orders[3].pk
    damage(orders[0])
    damage(orders[4])
    LedgerCheck.objects.update(last_event=10**9, last_transfer=10**9)
    assert found_in(check_ledger(seconds=100).differences) == [orders[4].pk]


def test_the_job_says_as_ever_what_differs_and_what_is_left(
    orders: list[Order], slices: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.ledger_check, "check_ledger", lambda: check_ledger(seconds=2))
    tasks.check_books()
    assert JobRun.objects.get(name="check_books").summary == {"differences": 0, "orders_left": 5}
    monkeypatch.setattr(tasks.ledger_check, "check_ledger", lambda: check_ledger(seconds=100))
    tasks.check_books()
    assert JobRun.objects.get(name="check_books").summary == {"differences": 0}


def test_its_limits_leave_it_the_time_it_takes() -> None:
    assert tasks.check_books.soft_time_limit == tasks.CHECK_SOFT_SECONDS > RUN_SECONDS + 5 * 60
    assert tasks.check_books.time_limit == tasks.CHECK_LEASE > tasks.CHECK_SOFT_SECONDS
    assert timedelta(days=6) < ROUND_EVERY < timedelta(days=7)


class Damage:
    """A millionth, written past all of the panel's own code."""

    @staticmethod
    def order(order: Order) -> str:
        Order.objects.filter(pk=order.pk).update(refunded=MILLIONTH)
        return f"order {order.pk}: gave back 0.000000, the order says 0.000001"

    @staticmethod
    def wallet(order: Order) -> str:
        wallet = Account.objects.get(customer=order.customer)
        assert wallet.balance is not None
        Account.objects.filter(pk=wallet.pk).update(balance=wallet.balance + MILLIONTH)
        return f"wallet {wallet.pk}: holds {wallet.balance + MILLIONTH}, its transfers come to {wallet.balance}"

    @staticmethod
    def checkpoint(order: Order) -> str:
        kept = Checkpoint.objects.get(account__house="revenue" if order.captured else "held")
        Checkpoint.objects.filter(pk=kept.pk).update(balance=kept.balance + MILLIONTH)
        was = kept.balance
        return f"checkpoint of account {kept.pk}: makes it {was + MILLIONTH}, its transfers come to {was}"

    @staticmethod
    def roll_up(order: Order) -> str:
        row = DailyFigure.objects.filter(scope=Scope.SERVICE).order_by("day").first()
        assert row is not None
        DailyFigure.objects.filter(pk=row.pk).update(cost=row.cost + MILLIONTH)
        return (
            f"report of {row.day}: cost by service comes to {row.cost + MILLIONTH}, "
            f"at its check it came to {row.cost.normalize():f}"
        )

    @staticmethod
    def transfer(order: Order) -> str:
        held = {house: Account.objects.get(house=house) for house in ("held", "adjustment")}
        made = order.created_at
        Transfer.objects.create(
            key="odd:1", source=held["held"], target=held["adjustment"], amount=MILLIONTH, cause=f"order:{order.pk}",
            created_at=made,
        )  # fmt: skip
        return f"order {order.pk}: 1.349999 held and 0.000000 earned, not 1.350000 and 0 as ACTIVE means"


@pytest.mark.parametrize("kind", ["order", "wallet", "checkpoint", "roll_up", "transfer"])
def test_a_millionth_is_found_wherever_it_is_in_an_old_closed_day(orders: list[Order], clock: Any, kind: str) -> None:
    for _ in range(3):
        keep_checkpoints(now=datetime.now(UTC))
        clock.shift(DAY)
        roll_up()
    settle_everything(clock)
    assert RolledDay.objects.filter(is_closed=True).exclude(sums__isnull=True).count() == 3
    line = getattr(Damage, kind)(Order.objects.get(pk=orders[0].pk))
    assert line in audit_all()
    daily = check_ledger().differences
    assert (line in daily) is (kind in {"wallet", "transfer"})
    clock.shift(ROUND_EVERY)
    assert line in check_ledger().differences
