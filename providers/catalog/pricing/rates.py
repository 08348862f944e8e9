"""Computes the rate of a service from its cost and the markups. Pure; called by publishing, markups and previews."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import NamedTuple

from django.utils.translation import gettext_noop

from panel.lib.money import MAX_AMOUNT, ZERO, round_up

PER_PACKAGE = frozenset({"Package", "Custom Comments Package"})
"""Types whose rate is the price of one package. Every other rate is per 1,000."""
NO_RULE = gettext_noop("No price yet. Add a markup.")
BELOW_COST = gettext_noop("The rate is below the cost.")
OWN_BELOW_COST = gettext_noop("The custom rate is below the cost.")
THIN_MARGIN = gettext_noop("The rate is below the minimum margin.")
NO_PRICE = gettext_noop("The rate is not above zero.")
PRICE_TOO_LARGE = gettext_noop("The rate is too large.")

_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A markup: `percent` of the cost, then `fixed` in the shop's currency, then rounded up to `decimals`.

    At most one of the three ids is set. Without one, the rule applies to all services.
    """

    percent: Decimal
    fixed: Decimal = ZERO
    decimals: int = 6
    provider_id: int | None = None
    category_id: int | None = None
    service_id: int | None = None

    @property
    def target(self) -> tuple[str, int]:
        """What the rule applies to, in a form that can be compared."""
        if self.service_id is not None:
            return "service", self.service_id
        if self.category_id is not None:
            return "category", self.category_id
        if self.provider_id is not None:
            return "provider", self.provider_id
        return "all", 0

    @property
    def terms(self) -> tuple[Decimal, Decimal, int]:
        """What the rule adds to the cost."""
        return self.percent, self.fixed, self.decimals


@dataclass(frozen=True, slots=True)
class Price:
    """A rate, and in `problem` why the service cannot be sold at it, or empty.

    `is_thin`: the rate is below the minimum margin, whether it is sold or not.
    """

    cost: Decimal
    rate: Decimal
    problem: str
    is_thin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumMargin:
    """The minimum margin in percent of the cost. Services below it are hidden if `hides`, else only marked."""

    percent: int = 0
    hides: bool = True


class OwnRate(NamedTuple):
    """A customer's custom rate for a service. If the shop's rate is lower, it applies only if it `is_fixed`."""

    rate: Decimal
    is_fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A customer's prices: custom rates by service, and a discount on all other services.

    No discount goes below the cost plus `min_margin_percent` of it. `version` is a cache key, empty for the shop's own
    prices.
    """

    discount_percent: Decimal = ZERO
    own_rates: Mapping[int, OwnRate] = field(default_factory=dict)
    min_margin_percent: int = 0
    version: str = ""

    def rate_of(self, *, service_id: int, rate: Decimal, cost: Decimal, allow_below_cost: bool) -> Decimal:
        """The customer's rate for a service that the shop sells at `rate`."""
        return rate_for_customer(
            rate=rate,
            cost=cost,
            allow_below_cost=allow_below_cost,
            discount_percent=self.discount_percent,
            own=self.own_rates.get(service_id),
            min_margin_percent=self.min_margin_percent,
        )


SHOP_TERMS = Terms()
"""For all customers without own prices."""


class RuleBook:
    """All rules. Of two for the same target the later one applies."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {rule.target: rule for rule in rules}

    def with_rule(self, rule: Rule) -> "RuleBook":
        """A copy with `rule` instead of the rule for the same target."""
        return RuleBook([*self._rules.values(), rule])

    def rule_for(self, *, service_id: int | None, category_id: int, provider_id: int) -> Rule | None:
        """The most specific rule: for the service, else its category, else its provider, else all services."""
        rules = self._rules
        return (
            (rules.get(("service", service_id)) if service_id is not None else None)
            or rules.get(("category", category_id))
            or rules.get(("provider", provider_id))
            or rules.get(("all", 0))
        )


def cost_in_shop(*, rate: Decimal, exchange_rate: Decimal) -> Decimal:
    """The provider's `rate` in the shop's currency, rounded up to a millionth."""
    return round_up(rate if exchange_rate == 1 else _EXACT.multiply(rate, exchange_rate))


def apply_markup(*, cost: Decimal, rule: Rule) -> Decimal:
    """`cost` plus the rule's percentage and fixed amount, rounded up to the rule's decimals."""
    exact = _EXACT.add(_EXACT.multiply(cost, _EXACT.add(1, rule.percent.scaleb(-2))), rule.fixed)
    return round_up(exact, places=rule.decimals)


def rate_for_customer(
    *,
    rate: Decimal,
    cost: Decimal,
    allow_below_cost: bool,
    discount_percent: Decimal,
    own: OwnRate | None,
    min_margin_percent: int,
) -> Decimal:
    """The custom rate, or the shop's if that is lower and the custom one not fixed; else the shop's less the discount.

    Unless the service may be sold below cost, a rate that differs from the shop's is never below the cost, and a
    discount never goes below the minimum margin. Rounded up to a millionth.
    """
    if own is not None:
        target, lowest = own.rate if own.is_fixed else min(own.rate, rate), cost
    elif discount_percent:
        target = round_up(_EXACT.multiply(rate, _EXACT.subtract(100, discount_percent).scaleb(-2)))
        lowest = max(cost, min(rate, round_up(_EXACT.multiply(cost, Decimal(100 + min_margin_percent).scaleb(-2)))))
    else:
        return rate
    return target if allow_below_cost else max(target, lowest)


def price(
    *,
    cost: Decimal,
    rule: Rule | None,
    own_rate: Decimal | None = None,
    allow_below_cost: bool,
    minimum_margin: MinimumMargin,
) -> Price:
    """The rate of a service with this cost: its custom rate, else the rate by the rule, or why it cannot be sold.

    Without either it is not sold, so that nothing is sold at cost by accident.
    """
    if cost >= MAX_AMOUNT:
        return Price(MAX_AMOUNT, MAX_AMOUNT, PRICE_TOO_LARGE)
    if own_rate is not None:
        rate = own_rate
    elif rule is not None:
        rate = apply_markup(cost=cost, rule=rule)
    else:
        return Price(cost, cost, NO_RULE)
    if rate >= MAX_AMOUNT:
        return Price(cost, MAX_AMOUNT, PRICE_TOO_LARGE)
    if rate <= 0:
        return Price(cost, ZERO, NO_PRICE)
    is_thin = rate * 100 < cost * (100 + minimum_margin.percent)
    if not is_thin or allow_below_cost:
        return Price(cost, rate, "", is_thin)
    if rate < cost:
        return Price(cost, rate, BELOW_COST if own_rate is None else OWN_BELOW_COST, is_thin)
    return Price(cost, rate, THIN_MARGIN if minimum_margin.hides else "", is_thin)


def margin_percent(*, cost: Decimal, rate: Decimal) -> Decimal | None:
    """The profit in percent of the cost, like markups and the minimum margin. None without a cost."""
    return (rate - cost) * 100 / cost if cost > 0 else None
