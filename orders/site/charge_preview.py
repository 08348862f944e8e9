"""What an order would cost, told while it is being written. Called by the order form's views."""

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
    """`charge`, `quantity` and `rate` are None while there is nothing to price. Amounts in the shop's currency."""

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
        """What would be left; None where it is not known, or not enough."""
        return None if self.charge is None or self.charge > self.balance else self.balance - self.charge

    @property
    def short(self) -> Decimal | None:
        """How much is missing in the wallet, if any is."""
        return self.charge - self.balance if self.charge is not None and self.charge > self.balance else None


def summarize(
    *,
    customer: User,
    service_id: int,
    words: Mapping[str, str],
    balance: Decimal,
    seen_rate: Decimal | None = None,
) -> Summary:
    """The price of these words, and what is wrong with those fields that have something in them.

    The price is told as soon as the number of units is known. `old_rate` is set where the rate has risen above
    `seen_rate` since the page was made.
    """
    problems = _problems(customer, service_id, words)
    typed = {name: text for name, text in problems.items() if words.get(name, "").strip()}
    try:
        sale = find_sale(customer=customer, service_id=service_id)
        units = read_units(limits=limits_of(sale), params=words)
        charge = None if units is None else price_of(sale, units=units)[0]
    except BadOrderError:
        return Summary(balance=balance, problems=typed)
    if charge is None:
        return Summary(balance=balance, problems=typed)
    return Summary(
        balance=balance,
        charge=charge,
        quantity=units,
        rate=sale.rate,
        old_rate=seen_rate if seen_rate is not None and sale.rate > seen_rate else None,
        is_per_package=SERVICE_TYPES[sale.type].is_per_package,
        note=charge_note(kind=SERVICE_TYPES[sale.type], words=words),
        problems=typed,
    )


def _problems(customer: User, service_id: int, words: Mapping[str, str]) -> dict[str, str]:
    try:
        quote_order(customer=customer, service_id=service_id, params=words)
    except BadOrderError as error:
        return {problem.field: problem.text for problem in error.problems}
    return {}
