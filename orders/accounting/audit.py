"""Recount the books: what the wallets hold, and that every order's money is where its state says. Reads only.

An order's transfers are set against its row: charged once, refunded as noted, and what is left held or earned. The
reports' daily roll-ups are set against the ledger. The database sets one against the other, a set of orders or a day
at a time; only what differs, or may, comes back as rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal

from orders.accounting.flows import OrderFlows, differing_between, differing_of
from orders.models import Attempt, Order
from orders.reports.check import time_ranges
from orders.rules.states import POSSIBLY_PLACED, State
from panel.lib.database.snapshot import one_snapshot
from panel.lib.money import share
from panel.wallet.audit import pair_sums, recount_accounts, recount_wallets_lately

ROWS = 5_000
"""Orders checked by one statement."""


def audit_all() -> list[str]:
    """Every difference found, a line each; empty when the books add up."""
    with one_snapshot():
        return [*audit_ledger(), *audit_attempts(), *_recount_all_orders()]


def audit_ledger(*, snapshots: bool = False) -> list[str]:
    """The differences of all accounts and all closed days: the transfers are read once, from the first one on.

    With `snapshots` each closed day is read by itself, since it stays as it is, and what follows the last one together
    with the accounts. Otherwise the caller has a snapshot for everything.
    """
    apart = one_snapshot if snapshots else _callers_snapshot
    found: list[str] = []
    sums: defaultdict[tuple[int, int], Decimal] = defaultdict(Decimal)
    *ended, last = time_ranges()
    for stretch in ended:
        with apart():
            part = pair_sums(since=stretch.since, until=stretch.until)
            found += stretch.check(part)
        _add(sums, part)
    with apart():
        _add(sums, pair_sums(since=last.since))
        return [*recount_accounts(sums), *found]


def audit_recent() -> list[str]:
    """The differences of all wallets since their checkpoints, and of the attempts."""
    return [*recount_wallets_lately(), *audit_attempts()]


def audit_between(*, after: int, upto: int) -> list[str]:
    """The differences of the orders after the one id up to the other, some thousands at most."""
    return list(_lines(differing_between(after=after, upto=upto)))


def audit_orders(order_ids: Iterable[int]) -> list[str]:
    """The differences of these orders, some thousands at most."""
    return list(_lines(differing_of(order_ids)))


def next_order(*, after: int, rows: int) -> int:
    """The last of the next so many orders; 0 where none follows."""
    following = Order.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    whole = following[rows - 1 : rows].first()
    return whole or following.order_by("-pk").first() or 0


def _recount_all_orders() -> Iterator[str]:
    last = 0
    while upto := next_order(after=last, rows=ROWS):
        yield from audit_between(after=last, upto=upto)
        last = upto


def _callers_snapshot() -> AbstractContextManager[None]:
    return nullcontext()


def _add(sums: defaultdict[tuple[int, int], Decimal], more: dict[tuple[int, int], Decimal]) -> None:
    for pair, amount in more.items():
        sums[pair] += amount


def _lines(rows: Iterable[OrderFlows]) -> Iterator[str]:
    return (f"order {row.order}: {problem}" for row in rows for problem in _problems(row))


def _problems(row: OrderFlows) -> Iterator[str]:
    if row.charges != 1 or row.charged != row.charge:
        yield f"charged {row.charged} in {row.charges} transfers, not {row.charge} in one"
    if row.booked_refund != row.refunded:
        yield f"gave back {row.booked_refund}, the order says {row.refunded}"
    if row.booked_cost != row.cost:
        yield f"cost {row.booked_cost}, the order says {row.cost}"
    kept = row.charge - row.refunded
    is_over = row.state in {State.COMPLETED, State.PARTIAL, State.CANCELED, State.REJECTED}
    held, earned = (Decimal(0), kept) if is_over else (kept, Decimal(0))
    if (row.held, row.earned, row.captured) != (held, earned, earned):
        yield f"{row.held} held and {row.earned} earned, not {held} and {earned} as {row.state} means"
    if row.state in {State.CANCELED, State.REJECTED} and row.refunded != row.charge:
        yield f"{row.state}, and only {row.refunded} of {row.charge} refunded"
    if row.state == State.PARTIAL and row.refunded < _least_refund(row):
        yield f"PARTIAL with {row.remains} remaining, and only {row.refunded} refunded"


def _least_refund(row: OrderFlows) -> Decimal:
    if row.remains is None or not 0 < row.remains <= row.quantity:
        return Decimal(0)
    return share(charge=row.charge, part=row.remains, whole=row.quantity)


def audit_attempts() -> Iterator[str]:
    """Orders in flight or in doubt have an attempt that says so; no other order has an open one."""
    at_risk = set(Order.objects.filter(state__in=POSSIBLY_PLACED).values_list("pk", flat=True))
    doubtful = Attempt.objects.filter(outcome=None) | Attempt.objects.filter(outcome=Attempt.Outcome.UNKNOWN)
    with_attempt = set(doubtful.exclude(order__state=State.REJECTED).values_list("order", flat=True))
    yield from (f"order {pk}: in flight or in doubt without an attempt" for pk in sorted(at_risk - with_attempt))
    yield from (
        f"order {pk}: has an open attempt, and is neither in flight nor in doubt"
        for pk in sorted(with_attempt - at_risk)
    )
