"""Transfers added up for the shop and for each provider, service and customer. Reads only.

Which figure a transfer counts for follows from its two accounts, so that revenue and costs are what those accounts say.
Each cost is converted by itself, rounded to a millionth: that way all groupings come to the same sums. It is converted
at the exchange rate that its order keeps, a loss at the one that was kept with its booking: a past day never changes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from django.db.models import QuerySet

from orders.models import Order
from orders.reports.models import Scope
from orders.reports.totals import ReportTotals
from panel.lib.money import round_to
from panel.wallet.ledger import HELD, LOSS, REVENUE
from panel.wallet.models import Transfer
from providers.models import Provider

ROWS = 2000

Subject = tuple[Scope, int]
SHOP: Subject = (Scope.ALL, 0)


class Row(NamedTuple):
    """A transfer, with the names of its accounts: a house's, or none and the wallet's customer."""

    key: str
    cause: str
    amount: Decimal
    source: str
    payer: int | None
    target: str
    payee: int | None
    loss_rate: Decimal | None
    """The exchange rate that is kept with a booking against the losses."""


class Bought(NamedTuple):
    """What an order adds to its transfers."""

    provider: int
    service: int
    customer: int
    exchange_rate: Decimal


def add_up(*, since: datetime, until: datetime) -> dict[Subject, ReportTotals]:
    """What the transfers from `since` until just before `until` come to, for every subject that they touch."""
    return add_up_these(Transfer.objects.filter(created_at__gte=since, created_at__lt=until))


def add_up_these(transfers: QuerySet[Transfer]) -> dict[Subject, ReportTotals]:
    """What these transfers come to."""
    rates = dict(Provider.objects.values_list("pk", "exchange_rate"))
    found: defaultdict[Subject, ReportTotals] = defaultdict(ReportTotals)
    stream = _rows(transfers)
    while rows := list(islice(stream, ROWS)):
        orders = _orders(rows)
        for row in rows:
            _count(row, orders.get(_order_of(row)), rates, found)
    return found


def _rows(transfers: QuerySet[Transfer]) -> Iterator[Row]:
    columns = transfers.values_list(
        "key", "cause", "amount", "source__house", "source__customer", "target__house", "target__customer",
        "loss_rate__exchange_rate",
    )  # fmt: skip
    return (Row(*values) for values in columns.iterator(chunk_size=ROWS))


def _orders(rows: Iterable[Row]) -> dict[int, Bought]:
    """The orders that these transfers are of."""
    ids = {_order_of(row) for row in rows} - {0}
    columns = ("pk", "provider", "service", "customer", "exchange_rate")
    return {pk: Bought(*values) for pk, *values in Order.objects.filter(pk__in=ids).values_list(*columns)}


def _order_of(row: Row) -> int:
    kind, _, number = row.cause.partition(":")
    return int(number) if kind == "order" else 0


def _count(
    row: Row, order: Bought | None, rates: dict[int, Decimal], found: defaultdict[Subject, ReportTotals]
) -> None:
    provider = _provider_of(row)
    rate = row.loss_rate or (order.exchange_rate if order else rates.get(provider, Decimal(1)))
    subjects = _subjects(row, order, provider)
    for name, amount in _parts(row, rate):
        for subject in subjects:
            if name not in _PROVIDERS_OWN or subject[0] == Scope.PROVIDER:
                found[subject].add(name, amount)


def _subjects(row: Row, order: Bought | None, provider: int) -> list[Subject]:
    """Whom it counts for beside the shop. A cost is of the provider whose account it left, whatever came later."""
    customer = order.customer if order else row.payer or row.payee
    who = [
        (Scope.PROVIDER, provider or (order.provider if order else 0)),
        (Scope.SERVICE, order.service if order else 0),
        (Scope.CUSTOMER, customer or 0),
    ]
    return [SHOP, *((scope, pk) for scope, pk in who if pk)]


_PROVIDERS_OWN = frozenset({"own_cost", "deposited"})


def _parts(row: Row, rate: Decimal) -> Iterator[tuple[str, Decimal | int]]:
    """What the transfer adds to which figures."""
    if row.target == REVENUE:
        yield "revenue", row.amount
    if row.source == REVENUE:
        yield "revenue", -row.amount
    if row.payer and row.target == HELD:
        yield "orders", 1
        yield "charged", row.amount
    elif row.payee and row.source in {HELD, REVENUE}:
        yield "refunded", row.amount
    elif row.payer or row.payee:
        is_top_up = row.key.startswith("topup:")
        yield "topped_up" if is_top_up else "adjusted", row.amount if row.payee else -row.amount
    elif row.target.startswith("cost:") or row.source.startswith("cost:"):
        sign = 1 if row.target.startswith("cost:") else -1
        yield "own_cost", sign * row.amount
        yield "cost", sign * round_to(row.amount * rate)
    elif LOSS in {row.source, row.target}:
        yield "lost", round_to(row.amount * rate) * (1 if row.target == LOSS else -1)
    elif row.target.startswith("provider:") or row.source.startswith("provider:"):
        yield "deposited", row.amount if row.target.startswith("provider:") else -row.amount


def _provider_of(row: Row) -> int:
    """The provider whose account the transfer touches; 0 where it touches none."""
    for house in (row.source, row.target):
        kind, _, number = house.partition(":")
        if kind in {"provider", "cost"}:
            return int(number)
    return 0
