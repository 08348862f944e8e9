"""What an order would cost, told while it is being written. Called by the order form's views."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from orders.kinds import KINDS, BadOrderError
from orders.place import Quote, quote_order

STAND_IN = "https://example.com/"
"""Prices do not depend on the link: with this one an order whose own is still missing can be priced."""


@dataclass(frozen=True, slots=True)
class Summary:
    """`charge`, `quantity` and `rate` are None while there is nothing to price. Amounts in the shop's currency."""

    balance: Decimal
    charge: Decimal | None = None
    quantity: int | None = None
    rate: Decimal | None = None
    old_rate: Decimal | None = None
    is_per_package: bool = False
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
    *, service_id: int, words: Mapping[str, str], balance: Decimal, seen_rate: Decimal | None = None
) -> Summary:
    """The price of these words, and what is wrong with those fields that have something in them.

    `old_rate` is set where the rate has risen above `seen_rate` since the page was made.
    """
    quote, problems = _quote(service_id, words)
    typed = {name: text for name, text in problems.items() if words.get(name, "").strip()}
    if quote is None:
        return Summary(balance=balance, problems=typed)
    rate = quote.sale.rate
    return Summary(
        balance=balance,
        charge=quote.charge,
        quantity=quote.wanted.quantity,
        rate=rate,
        old_rate=seen_rate if seen_rate is not None and rate > seen_rate else None,
        is_per_package=KINDS[quote.sale.type].is_per_package,
        problems=typed,
    )


def _quote(service_id: int, words: Mapping[str, str]) -> tuple[Quote | None, dict[str, str]]:
    try:
        return quote_order(service_id=service_id, words=words), {}
    except BadOrderError as error:
        problems = {problem.field: problem.text for problem in error.problems}
    if set(problems) != {"link"}:
        return None, problems
    quote, _ = _quote(service_id, {**words, "link": STAND_IN})
    return quote, problems
