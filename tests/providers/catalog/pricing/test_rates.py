"""What a service costs and sells for: exact, rounded towards the dearer side, never below cost by accident."""

from decimal import Decimal

import pytest

from providers.catalog.pricing.rates import (
    MinimumMargin,
    Price,
    Rule,
    RuleBook,
    apply_markup,
    cost_in_shop,
    margin_percent,
    price,
)

D = Decimal


@pytest.mark.parametrize(
    ("rate", "exchange_rate", "cost"),
    [
        ("0.9", "1", "0.9"),
        ("0.9", "1.0850000001", "0.976501"),
        ("80", "0.0123456789", "0.987655"),
        ("0.000001", "0.0000000001", "0.000001"),
        ("0", "1.5", "0"),
        ("999999999.999999", "12345.0123456789", "12345012345678.887655"),
    ],
)
def test_a_cost_in_another_currency_is_converted_and_rounded_up(rate: str, exchange_rate: str, cost: str) -> None:
    assert cost_in_shop(rate=D(rate), exchange_rate=D(exchange_rate)) == D(cost)


@pytest.mark.parametrize(
    ("cost", "percent", "fixed", "decimals", "rate"),
    [
        ("0.9", "50", "0", 6, "1.35"),
        ("0.9", "50", "0.1", 6, "1.45"),
        ("0.9", "33.333", "0", 6, "1.199997"),
        ("0.9", "33.333", "0", 2, "1.20"),
        ("0.123456", "10", "0", 6, "0.135802"),
        ("1.01", "0", "0", 0, "2"),
        ("2", "0", "0", 0, "2"),
        ("10", "-50", "0", 6, "5"),
        ("0", "50", "0.25", 6, "0.25"),
    ],
)
def test_percent_then_fixed_then_rounded_up(cost: str, percent: str, fixed: str, decimals: int, rate: str) -> None:
    rule = Rule(percent=D(percent), fixed=D(fixed), decimals=decimals)
    assert apply_markup(cost=D(cost), rule=rule) == D(rate)


def asked(
    cost: str, rule: Rule | None, *, own: str | None = None, below: bool = False, margin: int = 0, hides: bool = True
) -> Price:
    minimum_margin = MinimumMargin(percent=margin, hides=hides)
    own_rate = None if own is None else D(own)
    return price(cost=D(cost), rule=rule, own_rate=own_rate, allow_below_cost=below, minimum_margin=minimum_margin)


def test_without_a_rule_nothing_is_sold() -> None:
    assert asked("1", None) == Price(D(1), D(1), "No price yet. Add a markup.")
    assert asked("1", None, below=True).problem == "No price yet. Add a markup."


def test_below_cost_only_where_staff_allow_it() -> None:
    rule = Rule(percent=D(-10))
    assert asked("1", rule) == Price(D(1), D("0.9"), "The rate is below the cost.", is_thin=True)
    assert asked("1", rule, below=True) == Price(D(1), D("0.9"), "", is_thin=True)
    assert asked("1", Rule(percent=D(0))) == Price(D(1), D(1), "")


def test_the_smallest_margin_is_kept() -> None:
    assert asked("1", Rule(percent=D("9.999")), margin=10).problem == "The rate is below the minimum margin."
    assert asked("1", Rule(percent=D(10)), margin=10).problem == ""
    assert asked("1", Rule(percent=D(5)), margin=10, below=True) == Price(D(1), D("1.05"), "", is_thin=True)


def test_a_thin_margin_may_be_marked_alone_and_a_loss_may_not() -> None:
    assert asked("1", Rule(percent=D(5)), margin=10, hides=False) == Price(D(1), D("1.05"), "", is_thin=True)
    assert asked("1", Rule(percent=D(10)), margin=10, hides=False) == Price(D(1), D("1.1"), "", is_thin=False)
    loss = asked("1", Rule(percent=D(-5)), margin=10, hides=False)
    assert loss == Price(D(1), D("0.95"), "The rate is below the cost.", is_thin=True)


def test_an_own_rate_stands_before_every_rule_and_not_below_the_cost() -> None:
    assert asked("1", Rule(percent=D(50)), own="1.2") == Price(D(1), D("1.2"), "")
    assert asked("1", None, own="1.2") == Price(D(1), D("1.2"), "")
    assert asked("1", None, own="0.9") == Price(D(1), D("0.9"), "The custom rate is below the cost.", is_thin=True)
    assert asked("1", None, own="0.9", below=True) == Price(D(1), D("0.9"), "", is_thin=True)
    assert asked("1", None, own="1.05", margin=10).problem == "The rate is below the minimum margin."


@pytest.mark.parametrize(
    ("cost", "rate", "margin"), [("0.9", "1.35", D(50)), ("1", "1", D(0)), ("1", "0.9", D(-10)), ("0", "1", None)]
)
def test_the_margin_is_in_percent_of_the_cost_like_the_smallest_one(
    cost: str, rate: str, margin: Decimal | None
) -> None:
    assert margin_percent(cost=D(cost), rate=D(rate)) == margin


def test_what_has_no_price_or_too_large_a_one_is_not_sold() -> None:
    assert asked("0", Rule(percent=D(50))) == Price(D(0), D(0), "The rate is not above zero.")
    assert asked("1", Rule(percent=D(0), fixed=D(-2)), below=True).problem == "The rate is not above zero."
    largest = D(10) ** 12
    assert asked("1e12", Rule(percent=D(0))) == Price(largest, largest, "The rate is too large.")
    assert asked("9e11", Rule(percent=D(50))) == Price(D("9e11"), largest, "The rate is too large.")


def test_the_most_specific_rule_wins() -> None:
    rules = {
        "all": Rule(percent=D(1)),
        "provider": Rule(percent=D(2), provider_id=7),
        "category": Rule(percent=D(3), category_id=8),
        "service": Rule(percent=D(4), service_id=9),
    }
    book = RuleBook(rules.values())
    assert book.rule_for(service_id=9, category_id=8, provider_id=7) is rules["service"]
    assert book.rule_for(service_id=1, category_id=8, provider_id=7) is rules["category"]
    assert book.rule_for(service_id=None, category_id=8, provider_id=7) is rules["category"]
    assert book.rule_for(service_id=1, category_id=1, provider_id=7) is rules["provider"]
    assert book.rule_for(service_id=1, category_id=1, provider_id=1) is rules["all"]
    assert RuleBook([]).rule_for(service_id=9, category_id=8, provider_id=7) is None
    other = Rule(percent=D(5), service_id=9)
    assert book.with_rule(other).rule_for(service_id=9, category_id=8, provider_id=7) is other
    assert book.rule_for(service_id=9, category_id=8, provider_id=7) is rules["service"]
