"""Calculates what an order would cost while the customer fills in the form. Called by the order form's views."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from orders.placing.place import find_sale, limits_of, price_of, quote_order
from orders.placing.validation import BadOrderError, read_units
from orders.rules.service_types import SERVICE_TYPES
from orders.site.charge_text import charge_note
from panel.customers.models import User


@dataclass(frozen=True, slots=True)
class Summary:
    """The price shown beside the form: `charge`, `quantity` and `rate` are None while there is nothing to price.

    Amounts are in the shop's currency.
    """

    balance: Decimal
    charge: Decimal | None = None
    quantity: int | None = None
    rate: Decimal | None = None
    old_rate: Decimal | None = None
    is_per_package: bool = False
    note: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def after(self) -> Decimal | None:
        """The balance after the order; None where the charge is unknown or above the balance."""
        return None if self.charge is None or self.charge > self.balance else self.balance - self.charge

    @property
    def short(self) -> Decimal | None:
        """How much the balance is below the charge; None where it is enough."""
        return self.charge - self.balance if self.charge is not None and self.charge > self.balance else None


def summarize(
    *,
    customer: User,
    service_id: int,
    fields: Mapping[str, str],
    balance: Decimal,
    seen_rate: Decimal | None = None,
) -> Summary:
    """The price of an order with these fields, and the problems of those fields that are not empty.

    The price is known as soon as the number of units is. `old_rate` is set where the rate has risen above `seen_rate`
    since the page was shown.
    """
    problems = _problems(customer, service_id, fields)
    filled = {name: text for name, text in problems.items() if fields.get(name, "").strip()}
    try:
        sale = find_sale(customer=customer, service_id=service_id)
        units = read_units(limits=limits_of(sale), params=fields)
        charge = None if units is None else price_of(sale, units=units)[0]
    except BadOrderError:
        return Summary(balance=balance, problems=filled)
    if charge is None:
        return Summary(balance=balance, problems=filled)
    return Summary(
        balance=balance,
        charge=charge,
        quantity=units,
        rate=sale.rate,
        old_rate=seen_rate if seen_rate is not None and sale.rate > seen_rate else None,
        is_per_package=SERVICE_TYPES[sale.type].is_per_package,
        note=charge_note(service_type=SERVICE_TYPES[sale.type], fields=fields),
        problems=filled,
    )


def _problems(customer: User, service_id: int, fields: Mapping[str, str]) -> dict[str, str]:
    try:
        quote_order(customer=customer, service_id=service_id, params=fields)
    except BadOrderError as error:
        return {problem.field: problem.text for problem in error.problems}
    return {}
