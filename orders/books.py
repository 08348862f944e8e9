"""Recount the books: what the wallets hold, and that every order's money is where its state says. Reads only.

An order's transfers are set against its row: charged once, given back as noted, and what is left held or earned. The
reports' daily roll-ups are set against the ledger.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from orders.models import Attempt, Order
from orders.reports.check import check_reports
from orders.states import AT_RISK, State
from panel.lib.money import share
from panel.lib.snapshot import one_snapshot
from panel.wallet.ledger import HELD, REVENUE
from panel.wallet.models import Transfer
from panel.wallet.recount import recount_wallets

ROWS = 2000


@dataclass(slots=True)
class Flows:
    """What the transfers of one order add up to."""

    charges: int = 0
    charged: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    earned: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)


def recount() -> list[str]:
    """Every difference found, a line each; empty when the books add up."""
    with one_snapshot():
        return [*recount_the_rest(), *_recount_all_orders()]


def recount_the_rest() -> list[str]:
    """The differences of everything but the orders' own money: wallets, attempts, reports."""
    return [*recount_wallets(), *_recount_attempts(), *check_reports()]


def recount_orders(orders: Iterable[Order]) -> list[str]:
    """The differences of these orders, some thousands at most."""
    orders = list(orders)
    flows = _flows(orders)
    return [f"order {order.pk}: {problem}" for order in orders for problem in _problems(order, flows[order.pk])]


def _recount_all_orders() -> Iterator[str]:
    last = 0
    while True:
        orders = list(Order.objects.filter(pk__gt=last).order_by("pk")[:ROWS])
        if not orders:
            return
        last = orders[-1].pk
        yield from recount_orders(orders)


def _flows(orders: list[Order]) -> defaultdict[int, Flows]:
    causes = {f"order:{order.pk}": order.pk for order in orders}
    flows: defaultdict[int, Flows] = defaultdict(Flows)
    rows = Transfer.objects.filter(cause__in=causes).values_list(
        "cause", "key", "amount", "source__house", "target__house"
    )
    for cause, key, amount, source, target in rows:
        flow = flows[causes[cause]]
        match key.partition(":")[0]:
            case "charge":
                flow.charges += 1
                flow.charged += amount
            case "refund":
                flow.refunded += amount
            case "cost":
                flow.cost += amount if target.startswith("cost:") else -amount
        flow.held += amount * ((target == HELD) - (source == HELD))
        flow.earned += amount * ((target == REVENUE) - (source == REVENUE))
    return flows


def _problems(order: Order, flow: Flows) -> Iterator[str]:
    if flow.charges != 1 or flow.charged != order.charge:
        yield f"charged {flow.charged} in {flow.charges} transfers, not {order.charge} in one"
    if flow.refunded != order.refunded:
        yield f"gave back {flow.refunded}, the order says {order.refunded}"
    if flow.cost != order.cost:
        yield f"cost {flow.cost}, the order says {order.cost}"
    kept = order.charge - order.refunded
    is_over = order.state in {State.COMPLETED, State.PARTIAL, State.CANCELED, State.REJECTED}
    held, earned = (Decimal(0), kept) if is_over else (kept, Decimal(0))
    if (flow.held, flow.earned, order.captured) != (held, earned, earned):
        yield f"{flow.held} held and {flow.earned} earned, not {held} and {earned} as {order.state} means"
    if order.state in {State.CANCELED, State.REJECTED} and order.refunded != order.charge:
        yield f"{order.state}, and only {order.refunded} of {order.charge} given back"
    if order.state == State.PARTIAL and order.refunded < _least_refund(order):
        yield f"PARTIAL with {order.remains} remaining, and only {order.refunded} given back"


def _least_refund(order: Order) -> Decimal:
    if order.remains is None or not 0 < order.remains <= order.quantity:
        return Decimal(0)
    return share(charge=order.charge, part=order.remains, whole=order.quantity)


def _recount_attempts() -> Iterator[str]:
    """Orders in flight or in doubt have an attempt that says so; no other order has an open one."""
    at_risk = set(Order.objects.filter(state__in=AT_RISK).values_list("pk", flat=True))
    doubtful = Attempt.objects.filter(outcome=None) | Attempt.objects.filter(outcome=Attempt.Outcome.UNKNOWN)
    with_attempt = set(doubtful.exclude(order__state=State.REJECTED).values_list("order", flat=True))
    yield from (f"order {pk}: in flight or in doubt without an attempt" for pk in sorted(at_risk - with_attempt))
    yield from (
        f"order {pk}: has an open attempt, and is neither in flight nor in doubt"
        for pk in sorted(with_attempt - at_risk)
    )
