"""What a service costs and what it is sold for. Pure; called by the shelf, the markups and their preview."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import NamedTuple

from panel.lib.money import MAX_AMOUNT, ZERO, round_up

PER_PACKAGE = frozenset({"Package", "Custom Comments Package"})
"""Types whose rate is the price of one package; every other rate is per 1000."""
NO_RULE = "No price yet: add a markup."
BELOW_COST = "The rate is below the cost."
OWN_BELOW_COST = "Its own rate is below the cost."
THIN_MARGIN = "The rate is below the smallest margin."
NO_PRICE = "The rate is not above zero."
PRICE_TOO_LARGE = "The price is too large."

_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A markup: `percent` of the cost, then `fixed` in the shop's currency, then rounded up to `decimals`.

    At most one of the three ids is set: what the rule is for; none: everything.
    """

    percent: Decimal
    fixed: Decimal = ZERO
    decimals: int = 6
    provider_id: int | None = None
    category_id: int | None = None
    service_id: int | None = None

    @property
    def target(self) -> tuple[str, int]:
        """What the rule is for, in a form that can be compared."""
        if self.service_id is not None:
            return "service", self.service_id
        if self.category_id is not None:
            return "category", self.category_id
        if self.provider_id is not None:
            return "provider", self.provider_id
        return "all", 0

    @property
    def terms(self) -> tuple[Decimal, Decimal, int]:
        """What it adds, whatever it is for."""
        return self.percent, self.fixed, self.decimals


@dataclass(frozen=True, slots=True)
class Price:
    """`rate` is what customers pay; `problem` says why it is not sold at that, and is empty where it is.

    `is_thin`: the rate is under the smallest margin, sold or not.
    """

    cost: Decimal
    rate: Decimal
    problem: str
    is_thin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumMargin:
    """How far every rate has to be above its cost, in per cent of the cost; `hides` what is not, or only marks it."""

    percent: int = 0
    hides: bool = True


class OwnRate(NamedTuple):
    """A customer's own rate for a service; where the shop's is lower it holds only if it `is_fixed`."""

    rate: Decimal
    is_fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a customer pays in place of the shop's rates: rates of their own by service, and a discount on all others.

    No discount goes below the cost plus `min_margin_percent` of it. `version` names these terms for what is kept; it
    is empty for the shop's own.
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
"""For everybody who has none of their own."""


class RuleBook:
    """All rules; of two for the same target the later one holds."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {rule.target: rule for rule in rules}

    def with_rule(self, rule: Rule) -> "RuleBook":
        """A book in which `rule` stands in the place of the one for the same target."""
        return RuleBook([*self._rules.values(), rule])

    def rule_for(self, *, service_id: int | None, category_id: int, provider_id: int) -> Rule | None:
        """The most specific rule: the service's before its category's, its provider's, and the one for everything."""
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
    """`cost` with the rule's percentage and fixed part, rounded up to the rule's decimals."""
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
    """Their own rate, or the shop's where that is lower and theirs not fixed; without one, the shop's less a discount.

    Unless the service may be sold below cost, a rate that differs from the shop's is never under the cost, and no
    discount takes it under the least margin. Rounded up to a millionth.
    """
    if own is not None:
        wanted, least = own.rate if own.is_fixed else min(own.rate, rate), cost
    elif discount_percent:
        wanted = round_up(_EXACT.multiply(rate, _EXACT.subtract(100, discount_percent).scaleb(-2)))
        least = max(cost, min(rate, round_up(_EXACT.multiply(cost, Decimal(100 + min_margin_percent).scaleb(-2)))))
    else:
        return rate
    return wanted if allow_below_cost else max(wanted, least)


def price(
    *,
    cost: Decimal,
    rule: Rule | None,
    own_rate: Decimal | None = None,
    allow_below_cost: bool,
    minimum_margin: MinimumMargin,
) -> Price:
    """What a service of this cost is sold for, or why not: at its own rate, else by the rule.

    Without either it is not sold: never at cost by accident.
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
    """What is earned of each sale, in percent of the cost like markups and the minimum margin; None without a cost."""
    return (rate - cost) * 100 / cost if cost > 0 else None
