"""Computes the fields of a service from its upstream service, the markups and staff's settings.

Called by publish.py for every row that it writes or checks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from providers.adapters.vocabulary import SERVICE_TYPES
from providers.catalog.pricing.rates import MinimumMargin, Rule, RuleBook, cost_in_shop, price

SOLD_TYPES = frozenset(SERVICE_TYPES)
"""The service types that can be ordered."""
SWITCHED_OFF = gettext_noop("The provider is disabled.")
NOT_LISTED = gettext_noop("The provider no longer lists the service.")
PRICES_HELD = gettext_noop("The provider's prices need review.")
REVIEW_REASONS = {
    "rejected": gettext_noop("The provider lists invalid data."),
    "price": gettext_noop("Large price change. Needs review."),
    "meaning": gettext_noop("The provider reused the service ID. Needs review."),
    "refused": gettext_noop("The provider rejected the service. Needs review."),
}
NO_LIMITS = gettext_noop("The custom limits are outside the provider's limits.")
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
"""The fields of a service that are computed, in the order of every tuple of them."""
CHOSEN = (
    "keeps_name", "keeps_description", "keeps_category", "own_min", "own_max", "own_rate", "allow_below_cost"
)  # fmt: skip
"""The fields of a service that staff set and that the computed ones depend on."""
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
"""The columns of the upstream service that are read."""

Row = Mapping[str, Any]
"""An upstream service's SOURCE columns, and its service's columns under `service__`, None if there is none."""


class CategoryMoves(Enum):
    """What to do with services that the provider lists under another category than theirs.

    A sync holds those for which another markup would apply, until staff move them.
    """

    HOLD = "hold those for which another markup would apply"
    KEEP = "keep holding those that are held"
    APPLY = "move all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is the same for all rows: exchange rates and minimum margins by provider, categories by heading, markups.

    Services of providers that are `off`, or whose prices are `held`, are unavailable.
    """

    exchange_rates: Mapping[int, Decimal]
    categories: Mapping[str, int]
    rules: RuleBook
    moves: CategoryMoves
    minimum_margins: Mapping[int, MinimumMargin]
    held: Collection[int] = ()
    off: Collection[int] = ()


def heading(row: Row) -> str:
    """The provider's name for the category; never empty."""
    text: str = row["category"].strip()
    return text or NO_HEADING


def derive(row: Row, context: Context) -> tuple[Any, ...]:
    """The values of DERIVED."""
    provider_id = row["provider_id"]
    name = row["service__name"] if row["service__keeps_name"] else row["name"]
    description = row["service__description"] if row["service__keeps_description"] else row["description"]
    category_id, move_waits = _category(row, context)
    minimum, maximum = _limits(row)
    priced = price(
        cost=cost_in_shop(rate=row["rate"], exchange_rate=context.exchange_rates[provider_id]),
        rule=_rule(row, category_id, context),
        own_rate=row["service__own_rate"],
        allow_below_cost=bool(row["service__allow_below_cost"]),
        minimum_margin=context.minimum_margins[provider_id],
    )
    reason = _unavailable_reason(row, minimum, maximum, context) or priced.problem
    copied = (row[name] for name in COPIED)
    pricing = (priced.cost, priced.rate, priced.is_thin, not reason, reason)
    return (name, description, category_id, move_waits, minimum, maximum, *copied, *pricing)


def _category(row: Row, context: Context) -> tuple[int, bool]:
    """The category, and whether a move to another one waits for staff."""
    current: int | None = row["service__category_id"]
    if current is not None and row["service__keeps_category"]:
        return current, False
    listed = context.categories[heading(row)]
    if current is None or current == listed or context.moves == CategoryMoves.APPLY:
        return listed, False
    may_wait = row["service__is_enabled"] if context.moves == CategoryMoves.HOLD else row["service__move_waits"]
    is_same_rule = row["service__own_rate"] is not None or _same(
        _rule(row, current, context), _rule(row, listed, context)
    )
    return (current, True) if may_wait and not is_same_rule else (listed, False)


def _rule(row: Row, category_id: int, context: Context) -> Rule | None:
    """The rule that would price it in that category."""
    return context.rules.rule_for(
        service_id=row["service__pk"], category_id=category_id, provider_id=row["provider_id"]
    )


def _same(one: Rule | None, other: Rule | None) -> bool:
    """Whether both lead to the same price."""
    return (one and one.terms) == (other and other.terms)


def _limits(row: Row) -> tuple[int, int]:
    """The stricter of the provider's limits and the custom ones."""
    own_min, own_max = row["service__own_min"], row["service__own_max"]
    minimum: int = row["min"] if own_min is None else max(row["min"], own_min)
    maximum: int = row["max"] if own_max is None else min(row["max"], own_max)
    return minimum, maximum


def _unavailable_reason(row: Row, minimum: int, maximum: int, context: Context) -> str:
    """Why it cannot be sold at any price, or empty."""
    if row["provider_id"] in context.off:
        return SWITCHED_OFF
    if row["missing"] >= GONE:
        return NOT_LISTED
    if row["review_reason"]:
        return REVIEW_REASONS[row["review_reason"]]
    if row["provider_id"] in context.held:
        return PRICES_HELD
    if row["type"] not in SOLD_TYPES:
        return _("Unsupported service type “%(type)s”.") % {"type": (row["type"] or row["raw_type"])[:50]}
    if minimum > maximum and (minimum, maximum) != (row["min"], row["max"]):
        return NO_LIMITS
    return ""
