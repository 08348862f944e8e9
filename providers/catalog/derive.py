"""What a shelf row should say, given the mirror's row, the rules and staff's own choices. Pure but for names of fields.

Called by the shelf for every row it writes or checks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from providers.adapters.words import SERVICE_TYPES
from providers.catalog.pricing import RuleBook, cost_in_shop, price

SOLD_TYPES = frozenset(SERVICE_TYPES)
"""The types we can take orders for."""
NOT_LISTED = "The provider no longer lists it."
PRICES_HELD = "Many of the provider's prices changed alike: accept them."
DOUBTS = {
    "rejected": "The provider's entry makes no sense.",
    "price": "The provider's price jumped: confirm it.",
    "meaning": "Its number now stands for something else at the provider: confirm it.",
    "refused": "The provider refused to sell it: confirm it.",
}
GONE = 2
NO_HEADING = "Other"

COPIED = ("type", "min", "max", "refill", "cancel", "dripfeed", "average_time")
DERIVED = ("name", "description", "category_id", *COPIED, "cost", "rate", "is_available", "unavailable_reason")
"""The fields of a shelf row that follow from the mirror and the rules, in the order of every tuple of them."""
CHOSEN = ("has_own_words", "allow_below_cost")
"""The fields of a shelf row that staff choose and that change what follows."""
SOURCE = (
    "pk",
    "external_id",
    "provider_id",
    "position",
    "missing",
    "doubt",
    "raw_type",
    "rate",
    "name",
    "description",
    "category",
    *COPIED,
)
"""The columns of the mirror that are read."""

Row = Mapping[str, Any]
"""A mirror's row with SOURCE, and its shelf row's columns under `service__`, None where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for all rows: exchange rates by provider, categories by heading, the rules and the least margin.

    Nothing is sold of the providers whose prices are `held`.
    """

    exchange_rates: Mapping[int, Decimal]
    categories: Mapping[str, int]
    rules: RuleBook
    minimum_margin_percent: int
    held: Collection[int] = ()


def heading(row: Row) -> str:
    """The provider's word for the category; never empty."""
    text: str = row["category"].strip()
    return text or NO_HEADING


def derive(row: Row, terms: Terms) -> tuple[Any, ...]:
    """The values of DERIVED."""
    if row["service__has_own_words"]:
        words = (row["service__name"], row["service__description"], row["service__category_id"])
    else:
        words = (row["name"], row["description"], terms.categories[heading(row)])
    rule = terms.rules.rule_for(service_id=row["service__pk"], category_id=words[2], provider_id=row["provider_id"])
    asked = price(
        cost=cost_in_shop(rate=row["rate"], exchange_rate=terms.exchange_rates[row["provider_id"]]),
        rule=rule,
        allow_below_cost=bool(row["service__allow_below_cost"]),
        minimum_margin_percent=terms.minimum_margin_percent,
    )
    reason = _unsold(row, terms) or asked.problem
    return (*words, *(row[name] for name in COPIED), asked.cost, asked.rate, not reason, reason)


def _unsold(row: Row, terms: Terms) -> str:
    """Why the provider's side keeps it from being sold; empty where nothing does."""
    if row["missing"] >= GONE:
        return NOT_LISTED
    if row["doubt"]:
        return DOUBTS[row["doubt"]]
    if row["provider_id"] in terms.held:
        return PRICES_HELD
    if row["type"] not in SOLD_TYPES:
        return f"We do not sell the type “{(row['type'] or row['raw_type'])[:50]}” yet."
    return ""
