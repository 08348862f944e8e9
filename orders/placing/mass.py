"""Many orders at once, a line each: `service | link | quantity`, and a type's other fields as `name=text`.

Every line is checked by the same rules as a single order, and each good one is an order and a transaction of its own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from orders.models import Order
from orders.placing.place import find_sale, orders_placed_before, place_order, quote_sale
from orders.placing.validation import BadOrderError
from orders.rules.idempotency import line_token
from orders.rules.service_types import SERVICE_TYPES
from panel.customers.models import User
from panel.lib.money import plain
from panel.wallet.ledger import NotEnoughFundsError
from providers.catalog.pricing.orderable_service import OrderableService

MOST_LINES = 100
LONGEST_LINE = 20_000
POSITIONS = ("link", "quantity")
NO_FUNDS = gettext_noop("Your balance is too low for this line.")
CHANGED = gettext_noop("This line has changed since it was checked. Check it again, then place it.")

_NAMED = re.compile(r"([a-z_]{1,30})\s*=(.*)", re.ASCII | re.DOTALL)
_SERVICE = re.compile(r"[0-9]{1,18}", re.ASCII)


class MassOrderError(Exception):
    """The text as a whole cannot be taken; nothing was ordered. The message is for the customer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it would order and for how much, or its `problem`; once it was placed, its order's number."""

    number: int
    text: str
    service_id: int | None = None
    quantity: int | None = None
    charge: Decimal | None = None
    problem: str = ""
    order_id: int | None = None

    @property
    def is_good(self) -> bool:
        return not self.problem

    @property
    def charge_text(self) -> str:
        """The charge for a form, exact."""
        return "" if self.charge is None else plain(self.charge)


def check_lines(*, customer: User, text: str) -> list[Line]:
    """What each line would order. Changes nothing; a service is fetched once. Raises MassOrderError."""
    sales: dict[int, OrderableService] = {}
    return [_check(number, line, customer, sales) for number, line in enumerate(_split(text), start=1)]


def place_lines(*, customer: User, text: str, agreed: Mapping[int, Decimal], token: str, now: datetime) -> list[Line]:
    """Place the good lines whose charge was agreed to, by their numbers; the others come back with their problem.

    The same page's `token` places no line twice: a line that was ordered with it comes back with its order, also where
    nothing could be ordered so any more.
    """
    lines = [
        line
        if line.problem
        else _place(line, customer, agreed.get(line.number), line_token(page=token, line=line.number), now)
        for line in check_lines(customer=customer, text=text)
    ]
    return _with_earlier(lines, customer, token)


def _split(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise MassOrderError(_("Enter at least one order."))
    if len(lines) > MOST_LINES:
        text = _("Too many lines: %(count)s. The maximum is %(max)s. No orders were placed.")
        raise MassOrderError(text % {"count": f"{len(lines):,}", "max": MOST_LINES})
    return lines


def _check(number: int, text: str, customer: User, sales: dict[int, OrderableService]) -> Line:
    try:
        sale, params = _read(text, customer, sales)
        quote = quote_sale(sale, params=params)
    except BadOrderError as error:
        return Line(number, text, problem=str(error))
    except MassOrderError as error:
        return Line(number, text, problem=str(error))
    return Line(number, text, service_id=sale.service_id, quantity=quote.request.quantity, charge=quote.charge)


def _place(line: Line, customer: User, agreed: Decimal | None, token: str, now: datetime) -> Line:
    if agreed is None:
        return Line(line.number, line.text, problem=_(CHANGED))
    try:
        sale, params = _read(line.text, customer, {})
        placement = place_order(
            customer=customer, service_id=sale.service_id, params=params, now=now, token=token, agreed_charge=agreed
        )
    except BadOrderError as error:
        return Line(line.number, line.text, problem=str(error))
    except NotEnoughFundsError:
        return Line(line.number, line.text, problem=_(NO_FUNDS))
    return _ordered(line, placement.order)


def _with_earlier(lines: Sequence[Line], customer: User, token: str) -> list[Line]:
    """The lines, those with a problem as the orders that were made of them before."""
    tokens = {line.number: line_token(page=token, line=line.number) for line in lines if line.problem}
    earlier = orders_placed_before(customer=customer, tokens=list(tokens.values()))
    return [
        _ordered(line, earlier[tokens[line.number]]) if tokens.get(line.number) in earlier else line for line in lines
    ]


def _ordered(line: Line, order: Order) -> Line:
    return Line(
        line.number,
        line.text,
        service_id=order.service_id,
        quantity=order.quantity,
        charge=order.charge,
        order_id=order.pk,
    )


def _read(text: str, customer: User, sales: dict[int, OrderableService]) -> tuple[OrderableService, dict[str, str]]:
    """The service of a line, and its params by their names."""
    if len(text) > LONGEST_LINE:
        raise MassOrderError(
            _("The line is too long. The maximum is %(max)s characters.") % {"max": f"{LONGEST_LINE:,}"}
        )
    first, *parts = [part.strip() for part in text.split("|")]
    if not _SERVICE.fullmatch(first):
        raise MassOrderError(_("Start each line with a service ID."))
    service_id = int(first)
    if service_id not in sales:
        sales[service_id] = find_sale(customer=customer, service_id=service_id)
    sale = sales[service_id]
    return sale, _words(parts, names=[field.name for field in SERVICE_TYPES[sale.type].fields])


def _words(parts: list[str], *, names: list[str]) -> dict[str, str]:
    """Parts with a name are that field; the others are the link and the quantity, in this order."""
    params: dict[str, str] = {}
    places = [name for name in POSITIONS if name in names]
    for part in parts:
        named = _NAMED.fullmatch(part)
        if named:
            name, value = named[1], named[2].strip().replace("\\n", "\n")
            if name not in names:
                text = _("This service has no field “%(name)s”. Its fields are: %(fields)s.")
                raise MassOrderError(text % {"name": name, "fields": ", ".join(names)})
        elif places:
            name, value = places.pop(0), part
        else:
            text = _("Unexpected value “%(value)s”. Write other fields as name=value.")
            raise MassOrderError(text % {"value": part[:60]})
        if name in params:
            raise MassOrderError(_("The field “%(name)s” appears twice.") % {"name": name})
        params[name] = value
    return params
