"""A rule that changes reprices the shelf at once, and only what it is for."""

from decimal import Decimal
from typing import Any

import pytest

from providers.catalog.markups import MarkupError, delete_markup, preview, set_markup
from providers.catalog.models import Category, Markup, Service
from providers.catalog.pricing.rates import Rule
from tests.fixtures_shop import Shop

D = Decimal


def rates(shop: Shop, *numbers: str) -> list[Decimal]:
    return [shop.service(number).rate for number in numbers]


def test_the_most_specific_rule_prices_at_once(shop: Shop) -> None:
    followers = Category.objects.get(name="Instagram Followers")
    in_category = Service.objects.filter(category=followers).count()
    assert rates(shop, "1", "4") == [D("1.35"), D("0.375")]
    assert set_markup(percent=D(100), provider=shop.provider).repriced == 20
    assert rates(shop, "1", "4") == [D("1.8"), D("0.5")]
    assert set_markup(percent=D(200), category=followers).repriced == in_category
    assert rates(shop, "1", "4") == [D("2.7"), D("0.5")]
    change = set_markup(percent=D(0), fixed=D("0.1"), service=shop.service("1"))
    assert (change.repriced, rates(shop, "1", "4")) == (1, [D(1), D("0.5")])
    assert delete_markup(markup=change.markup) == 1
    assert rates(shop, "1", "4") == [D("2.7"), D("0.5")]


def test_setting_a_rule_again_changes_the_one_there_is(shop: Shop) -> None:
    set_markup(percent=D(10), decimals=2)
    change = set_markup(percent=D(20), fixed=D("0.001"))
    assert Markup.objects.count() == 1
    assert (change.markup.percent, change.markup.fixed, change.markup.decimals) == (D(20), D("0.001"), 2)
    assert rates(shop, "1") == [D("1.09")]


def test_the_same_rule_again_writes_no_service(shop: Shop) -> None:
    before = list(Service.objects.order_by("pk").values())
    assert set_markup(percent=D(50)).repriced == 0
    assert list(Service.objects.order_by("pk").values()) == before


def test_a_rule_below_cost_takes_off_sale_unless_staff_allow_it(shop: Shop) -> None:
    Service.objects.filter(pk=shop.service("4").pk).update(allow_below_cost=True)
    set_markup(percent=D(-10))
    assert (shop.service("1").is_available, shop.service("1").unavailable_reason) == (
        False,
        "The rate is below the cost.",
    )
    assert (shop.service("4").is_available, shop.service("4").rate) == (True, D("0.225"))


def test_without_the_last_rule_nothing_is_sold(shop: Shop) -> None:
    assert delete_markup(markup=Markup.objects.get()) == 20
    assert not Service.objects.filter(is_available=True).exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"percent": D(-100)}, "The percentage must be above -100"),
        ({"percent": D("NaN")}, "The percentage must be above -100"),
        ({"percent": D(100_001)}, "at most 100000"),
        ({"percent": D("1.0001")}, "at most three decimals"),
        ({"percent": D(1), "fixed": D("0.0000001")}, "at most 6 decimals"),
        ({"percent": D(1), "fixed": D(10) ** 12}, "Enter a fixed amount"),
        ({"percent": D(1), "decimals": 7}, "Decimals must be between 0 and 6"),
    ],
)
def test_a_senseless_rule_is_refused(shop: Shop, wrong: dict[str, Any], message: str) -> None:
    before = (shop.everything(), list(Markup.objects.values()))
    with pytest.raises(MarkupError, match=message):
        set_markup(**wrong)
    assert (shop.everything(), list(Markup.objects.values())) == before


def test_a_rule_has_one_target(shop: Shop) -> None:
    with pytest.raises(MarkupError, match="one provider, one category or one service"):
        set_markup(percent=D(1), provider=shop.provider, service=shop.service("1"))
    assert Markup.objects.count() == 1


def test_a_preview_shows_what_a_rule_would_do_and_changes_nothing(shop: Shop) -> None:
    set_markup(percent=D(10), service=shop.service("1"))
    before = (shop.everything(), list(Markup.objects.values()))
    rows = preview(rule=Rule(percent=D(-10), fixed=D(0)), limit=100)
    assert len(rows) == 19
    row = next(row for row in rows if row.service_id == shop.service("4").pk)
    assert (row.name, row.cost, row.old_rate, row.new_rate, row.problem) == (
        "TikTok Views",
        D("0.25"),
        D("0.375"),
        D("0.225"),
        "The rate is below the cost.",
    )
    assert len(preview(rule=Rule(percent=D(-10)), limit=5)) == 5
    only = preview(rule=Rule(percent=D(0), service_id=shop.service("1").pk))
    assert [(row.old_rate, row.new_rate, row.problem) for row in only] == [(D("0.99"), D("0.9"), "")]
    assert (shop.everything(), list(Markup.objects.values())) == before
