"""The ledger's checks, balances and roll-ups over 100,000 orders of the past against 10,000, on PostgreSQL and SQLite.

What is read from the beginning is set against one full scan of the transfers. What a day brings is the same in both
histories, so whatever looks only at that takes as long in both. Each figure is the quickest of its rounds: the two
histories cannot be measured side by side.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from bench.figures import ROUNDS, Figures, clock
from bench.ledger_history import History
from bench.world import stub_url
from orders.accounting import ledger_check
from orders.accounting.audit import audit_all
from orders.models import LedgerCheck, OrderEvent
from orders.reports.days import day_of
from orders.reports.models import DailyFigure, RolledDay
from orders.reports.roll_up import roll_day, roll_up
from orders.staff import overview
from panel.ops.models import SettledIds
from panel.wallet.checkpoints import keep_checkpoints
from panel.wallet.models import Transfer

FEW, MANY, A_DAY = 10_000, 100_000, 2_000
DAYS = 100
SINCE_LAST_RUN = 100
LIMIT = 1.3
FROM_NOTHING_SECONDS = 1


@dataclass(frozen=True)
class Times:
    """Seconds of each path over one history."""

    scan: list[float]
    from_nothing: list[float]
    daily: list[float]
    overview: list[float]
    roll_up: list[float]
    whole_day: list[float]


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    few, many = _measure(FEW), _measure(MANY)
    figures = Figures()
    figures.times("everything, from nothing, against a scan", floor=many.scan, ours=many.from_nothing, limit=None)
    figures.times("the same, 10,000 orders against 100,000", floor=few.from_nothing, ours=many.from_nothing, limit=None)
    figures.times("a daily check, 10 times the history", floor=few.daily, ours=many.daily, limit=LIMIT)
    figures.times("the overview's money, the same", floor=few.overview, ours=many.overview, limit=LIMIT)
    figures.times("a run of the roll-up, the same", floor=few.roll_up, ours=many.roll_up, limit=LIMIT)
    figures.times("a run of the roll-up, against the whole day", floor=many.whole_day, ours=many.roll_up, limit=0.5)
    seconds = min(many.from_nothing)
    figures.holds("100,000 orders in a second", found=seconds <= FROM_NOTHING_SECONDS, wanted=True)
    figures.close()


def _measure(orders: int) -> Times:
    history, now = History(url=stub_url(variant="same")), timezone.now()
    history.write(count=orders, since=now - timedelta(days=DAYS), until=now - timedelta(days=2))
    scan, from_nothing = _rounds(_scan), _rounds(_recount)
    keep_checkpoints(now=now - timedelta(hours=2))
    while roll_up(seconds=600).waiting:
        pass
    history.write(count=A_DAY, since=now - timedelta(minutes=30), until=now)
    keep_checkpoints(now=now, seconds=600)
    _settled_before_today(history)
    ledger_check.check_ledger()
    times = Times(
        scan, from_nothing, _rounds(_daily_check), _rounds(lambda: overview.customer_money(now=now)),
        _rounds_after(lambda: _some_more(history), _roll_up), _rounds_after(_forget_today, _roll_up),
    )  # fmt: skip
    if audit_all():
        raise RuntimeError("The books do not add up.")
    return times


def _rounds(work: Callable[[], object]) -> list[float]:
    work()
    return [min(clock(work) for _ in range(2 * ROUNDS))]


def _rounds_after(prepare: Callable[[], object], work: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        prepare()
        found.append(clock(work))
    return [min(found)]


def _scan() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT SUM(amount), MAX(key), MAX(cause) FROM wallet_transfer")
        cursor.fetchall()


def _recount() -> None:
    if audit_all():
        raise RuntimeError("The books do not add up.")


def _settled_before_today(history: History) -> None:
    """As after a night: what is older than today's orders is settled."""
    old = history.last - A_DAY
    settled = {
        Transfer: Transfer.objects.filter(cause=f"order:{old}").latest("pk").pk,
        OrderEvent: OrderEvent.objects.filter(order=old).latest("pk").pk,
    }
    for model, pk in settled.items():
        place = {"settled": pk, "seen": pk, "seen_at": timezone.now()}
        SettledIds.objects.update_or_create(table=model._meta.db_table, defaults=place)


def _daily_check() -> None:
    checked = ledger_check.check_ledger()
    if checked.differences or LedgerCheck.objects.get().is_in_round:
        raise RuntimeError(f"A daily check: {checked}")


def _some_more(history: History) -> None:
    now = timezone.now()
    history.write(count=SINCE_LAST_RUN, since=now - timedelta(seconds=1), until=now)


def _forget_today() -> None:
    today = day_of(timezone.now())
    DailyFigure.objects.filter(day=today).delete()
    RolledDay.objects.filter(day=today).delete()


def _roll_up() -> None:
    now = timezone.now()
    roll_day(day=day_of(now), now=now)
