"""A wallet as its owner reads it: the balance, and every movement in words with the balance after it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, Subquery, Sum, Window

from panel.customers.models import User
from panel.lib.money import ZERO
from panel.wallet.models import Account, Transfer

LINES = 50
_ORDER = re.compile(r"order:([0-9]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """One movement: `amount` is below zero where money left, `balance` is what the wallet held after it."""

    id: int
    at: datetime
    text: str
    note: str
    order_id: int | None
    amount: Decimal
    balance: Decimal


def wallet_balance(*, user: User) -> Decimal:
    """What the customer has, in the shop's currency; nothing where no wallet was opened yet."""
    balance: Decimal | None = Account.objects.filter(customer=user).values_list("balance", flat=True).first()
    return balance or ZERO


def statement_page(*, user: User, number: str | None) -> Page[Line]:
    """That page of the statement, newest first. Three queries, however long the statement is."""
    wallet = Account.objects.filter(customer=user).values_list("pk", flat=True).first() or 0
    rows = Transfer.objects.filter(Q(source=wallet) | Q(target=wallet)).order_by("-pk")
    newest_first = F("pk").desc()
    told = rows.annotate(  # the balance and what moved since are read in one statement, so that they fit together
        held=Subquery(Account.objects.filter(pk=wallet).values("balance")),
        came=Window(Sum("amount", filter=Q(target=wallet)), order_by=newest_first),
        went=Window(Sum("amount", filter=Q(source=wallet)), order_by=newest_first),
    )
    page: Page[Any] = Paginator(told, LINES).get_page(number)
    page.object_list = _lines(list(page), wallet)
    return page


def _lines(rows: Sequence[Any], wallet: int) -> list[Line]:
    lines = []
    for row in rows:
        amount = row.amount if row.target_id == wallet else -row.amount
        since = (row.came or ZERO) - (row.went or ZERO)
        text, order_id = _words(row, amount)
        lines.append(Line(row.pk, row.created_at, text, row.note, order_id, amount, row.held - since + amount))
    return lines


def _words(row: Transfer, amount: Decimal) -> tuple[str, int | None]:
    """What the movement was, and the order it belongs to."""
    found = _ORDER.fullmatch(row.cause)
    if found:
        order_id = int(found[1])
        return (f"Refund of order {order_id}" if amount > 0 else f"Order {order_id}"), order_id
    if row.key.startswith("topup:"):
        return "Top-up", None
    return ("Credit" if amount > 0 else "Correction"), None
