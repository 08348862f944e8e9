"""The statement of a wallet: its balance, and every transaction with the balance after it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, Subquery, Sum, Window
from django.utils.translation import gettext as _

from panel.customers.models import User
from panel.lib.money import ZERO
from panel.wallet.models import Account, Transfer

PAGE_SIZE = 50
_ORDER = re.compile(r"order:([0-9]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction: `amount` is negative for money that left, `balance` is the balance after it."""

    id: int
    at: datetime
    text: str
    note: str
    order_id: int | None
    amount: Decimal
    balance: Decimal


def wallet_balance(*, user: User) -> Decimal:
    """The customer's balance in the shop's currency; 0 before the wallet is opened."""
    balance: Decimal | None = Account.objects.filter(customer=user).values_list("balance", flat=True).first()
    return balance or ZERO


def statement_page(*, user: User, number: str | None) -> Page[Line]:
    """A page of the statement, newest first. Three queries, however long the statement is."""
    wallet = Account.objects.filter(customer=user).values_list("pk", flat=True).first() or 0
    rows = Transfer.objects.filter(Q(source=wallet) | Q(target=wallet)).order_by("-pk")
    newest_first = F("pk").desc()
    statement = rows.annotate(  # the balance and what moved since are read in one statement, so that they fit together
        held=Subquery(Account.objects.filter(pk=wallet).values("balance")),
        came=Window(Sum("amount", filter=Q(target=wallet)), order_by=newest_first),
        went=Window(Sum("amount", filter=Q(source=wallet)), order_by=newest_first),
    )
    page: Page[Any] = Paginator(statement, PAGE_SIZE).get_page(number)
    page.object_list = _lines(list(page), wallet)
    return page


def _lines(rows: Sequence[Any], wallet: int) -> list[Line]:
    lines = []
    for row in rows:
        amount = row.amount if row.target_id == wallet else -row.amount
        since = (row.came or ZERO) - (row.went or ZERO)
        text, order_id = _description(row, amount)
        lines.append(Line(row.pk, row.created_at, text, row.note, order_id, amount, row.held - since + amount))
    return lines


def _description(row: Transfer, amount: Decimal) -> tuple[str, int | None]:
    """The text of a transaction, and the order it belongs to."""
    match = _ORDER.fullmatch(row.cause)
    if match:
        order_id = int(match[1])
        text = _("Refund of order #%(id)d") if amount > 0 else _("Order #%(id)d")
        return text % {"id": order_id}, order_id
    if row.key.startswith("topup:"):
        return _("Deposit"), None
    return (_("Credit") if amount > 0 else _("Adjustment")), None
