"""What a shelf row should say, given the mirror's row, the rules and staff's own choices. Pure but for names of fields.

Called by the shelf for every row it writes or checks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from providers.adapters.vocabulary import SERVICE_TYPES
from providers.catalog.pricing.rates import MinimumMargin, Rule, RuleBook, cost_in_shop, price

SOLD_TYPES = frozenset(SERVICE_TYPES)
"""The types we can take orders for."""
SWITCHED_OFF = "The provider is switched off."
NOT_LISTED = "The provider no longer lists it."
PRICES_HELD = "Many of the provider's prices changed alike: accept them."
REVIEW_REASONS = {
    "rejected": "The provider's entry makes no sense.",
    "price": "The provider's price jumped: confirm it.",
    "meaning": "Its number now stands for something else at the provider: confirm it.",
    "refused": "The provider refused to sell it: confirm it.",
}
NO_LIMITS = "Its own limits lie outside of the provider's."
GONE = 2
NO_HEADING = "Other"

LIMITS = ("min", "max")
COPIED = ("type", "refill", "cancel", "dripfeed", "average_time")
DERIVED = (
    *("name", "description", "category_id", "move_waits"),
    *LIMITS,
    *COPIED,
    *("cost", "rate", "has_low_margin", "is_available", "unavailable_reason"),
)
"""The fields of a shelf row that follow from mirror, rules and choices, in the order of every tuple of them."""
CHOSEN = (
    "keeps_name", "keeps_description", "keeps_category", "own_min", "own_max", "own_rate", "allow_below_cost"
)  # fmt: skip
"""The fields of a shelf row that staff choose and that change what follows."""
SOURCE = (
    "pk",
    "external_id",
    "provider_id",
    "position",
    "missing",
    "review_reason",
    "raw_type",
    "rate",
    "name",
    "description",
    "category",
    *LIMITS,
    *COPIED,
)
"""The columns of the mirror that are read."""

Row = Mapping[str, Any]
"""A mirror's row with SOURCE, and its shelf row's columns under `service__`, None where it has none."""


class CategoryMoves(Enum):
    """What becomes of services that the provider lists under another category than theirs.

    A sync lets those wait for which another price rule would apply; they wait until staff move them.
    """

    HOLD = "those that change the rule wait"
    KEEP = "those that wait already go on waiting"
    APPLY = "all are made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for all rows: exchange rates and minimum_margins by provider, categories by heading, and the rules.

    Nothing is sold of the providers that are switched `off`, nor of those whose prices are `held`.
    """

    exchange_rates: Mapping[int, Decimal]
    categories: Mapping[str, int]
    rules: RuleBook
    moves: CategoryMoves
    minimum_margins: Mapping[int, MinimumMargin]
    held: Collection[int] = ()
    off: Collection[int] = ()


def heading(row: Row) -> str:
    """The provider's word for the category; never empty."""
    text: str = row["category"].strip()
    return text or NO_HEADING


def derive(row: Row, terms: Terms) -> tuple[Any, ...]:
    """The values of DERIVED."""
    provider_id = row["provider_id"]
    name = row["service__name"] if row["service__keeps_name"] else row["name"]
    description = row["service__description"] if row["service__keeps_description"] else row["description"]
    category_id, move_waits = _category(row, terms)
    least, most = _limits(row)
    asked = price(
        cost=cost_in_shop(rate=row["rate"], exchange_rate=terms.exchange_rates[provider_id]),
        rule=_rule(row, category_id, terms),
        own_rate=row["service__own_rate"],
        allow_below_cost=bool(row["service__allow_below_cost"]),
        minimum_margin=terms.minimum_margins[provider_id],
    )
    reason = _unsold(row, least, most, terms) or asked.problem
    copied = (row[name] for name in COPIED)
    told = (asked.cost, asked.rate, asked.is_thin, not reason, reason)
    return (name, description, category_id, move_waits, least, most, *copied, *told)


def _category(row: Row, terms: Terms) -> tuple[int, bool]:
    """Its category, and whether the provider's move of it to another one waits for staff."""
    stands: int | None = row["service__category_id"]
    if stands is not None and row["service__keeps_category"]:
        return stands, False
    listed = terms.categories[heading(row)]
    if stands is None or stands == listed or terms.moves == CategoryMoves.APPLY:
        return listed, False
    may_wait = row["service__is_enabled"] if terms.moves == CategoryMoves.HOLD else row["service__move_waits"]
    is_same_rule = row["service__own_rate"] is not None or _same(_rule(row, stands, terms), _rule(row, listed, terms))
    return (stands, True) if may_wait and not is_same_rule else (listed, False)


def _rule(row: Row, category_id: int, terms: Terms) -> Rule | None:
    """What would price it in that category."""
    return terms.rules.rule_for(service_id=row["service__pk"], category_id=category_id, provider_id=row["provider_id"])


def _same(one: Rule | None, other: Rule | None) -> bool:
    """Whether both ask the same price."""
    return (one and one.terms) == (other and other.terms)


def _limits(row: Row) -> tuple[int, int]:
    """The narrower of the provider's limits and ours: never less or more than the provider takes."""
    own_min, own_max = row["service__own_min"], row["service__own_max"]
    least: int = row["min"] if own_min is None else max(row["min"], own_min)
    most: int = row["max"] if own_max is None else min(row["max"], own_max)
    return least, most


def _unsold(row: Row, least: int, most: int, terms: Terms) -> str:
    """Why it cannot be sold at any price; empty where it can."""
    if row["provider_id"] in terms.off:
        return SWITCHED_OFF
    if row["missing"] >= GONE:
        return NOT_LISTED
    if row["review_reason"]:
        return REVIEW_REASONS[row["review_reason"]]
    if row["provider_id"] in terms.held:
        return PRICES_HELD
    if row["type"] not in SOLD_TYPES:
        return f"We do not sell the type “{(row['type'] or row['raw_type'])[:50]}” yet."
    if least > most and (least, most) != (row["min"], row["max"]):
        return NO_LIMITS
    return ""
