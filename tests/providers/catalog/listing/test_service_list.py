"""What customers and programs read of the shelf, in a constant number of queries."""

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.catalog.listing import cache
from providers.catalog.listing.price_list import price_list
from providers.catalog.listing.service_list import (
    CategoryCount,
    all_services,
    categories_for_sale,
    service_for_sale,
    services_for_sale,
)
from providers.catalog.markups import set_markup
from providers.catalog.models import CatalogVersion, Category, Service
from providers.catalog.pricing.rates import SHOP_TERMS
from tests.fixtures_shop import Shop

D = Decimal


def content() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(price_list(terms=SHOP_TERMS).body))
    return found


def test_categories_are_counted_by_what_is_for_sale(shop: Shop) -> None:
    followers = Category.objects.get(name="Instagram Followers")
    Category.objects.create(name="Empty")
    counts = {row.id: row for row in categories_for_sale()}
    expected = Service.objects.filter(category=followers, is_enabled=True, is_available=True).count()
    assert counts[followers.pk] == CategoryCount(id=followers.pk, name="Instagram Followers", count=expected)
    assert "Empty" not in {row.name for row in counts.values()}
    Service.objects.filter(category=followers).update(is_enabled=False)
    assert followers.pk not in {row.id for row in categories_for_sale()}


def test_a_line_says_all_that_the_order_form_needs(shop: Shop) -> None:
    service = shop.service("1")
    line = service_for_sale(terms=SHOP_TERMS, service_id=service.pk)
    assert line is not None
    assert (line.id, line.provider, line.provider_service, line.type) == (service.pk, "North", "1", "Default")
    assert (line.category, line.cost, line.rate, line.min, line.max) == (
        "Instagram Followers",
        D("0.9"),
        D("1.35"),
        50,
        10000,
    )
    assert (line.refill, line.cancel, line.dripfeed, line.is_for_sale) == (True, True, True, True)
    assert (line.average_time, line.description) == ("1 hour 12 minutes", "Link: the profile\nStart: 0-1 hour")


def test_only_what_is_for_sale_is_found(shop: Shop) -> None:
    pk = shop.service("1").pk
    Service.objects.filter(pk=pk).update(is_enabled=False)
    assert service_for_sale(terms=SHOP_TERMS, service_id=pk) is None
    assert pk not in {line.id for line in services_for_sale(terms=SHOP_TERMS)}
    assert pk in {line.id for line in all_services()}
    assert service_for_sale(terms=SHOP_TERMS, service_id=10**9) is None


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("tiktok views", True),
        ("VIEWS TikTok", True),
        ("tiktok nonsense", False),
        ("%", False),
    ],
)
def test_every_word_must_be_in_the_name_or_the_category(shop: Shop, search: str, found: bool) -> None:
    assert (shop.service("4").pk in {line.id for line in services_for_sale(terms=SHOP_TERMS, search=search)}) is found


@pytest.mark.parametrize("search", ["Подписчики", "подписчики", "ПОДПИСЧИКИ élite", "ÉLITE"])
def test_words_are_found_in_any_case_of_any_letter(shop: Shop, search: str) -> None:
    service = shop.service("4")
    Service.objects.filter(pk=service.pk).update(name="Подписчики TikTok")
    Category.objects.filter(pk=service.category_id).update(name="Élite")
    assert service.pk in {line.id for line in services_for_sale(terms=SHOP_TERMS, search=search)}
    assert service.pk in {line.id for line in all_services(search=search)}


def test_a_number_finds_the_service(shop: Shop) -> None:
    pk = shop.service("2").pk
    assert pk in {line.id for line in services_for_sale(terms=SHOP_TERMS, search=str(pk))}


def test_a_category_and_a_limit_narrow_it_down(shop: Shop) -> None:
    category = shop.service("4").category
    lines = services_for_sale(terms=SHOP_TERMS, category_id=category.pk)
    assert {line.category for line in lines} == {"TikTok Views"}
    assert lines[0].id == shop.service("4").pk
    assert len(services_for_sale(terms=SHOP_TERMS, limit=3)) == 3


def test_the_whole_list_is_one_query(shop: Shop) -> None:
    with CaptureQueriesContext(connection) as queries:
        services_for_sale(terms=SHOP_TERMS)
    assert len(queries) == 1


def test_the_price_list_holds_what_is_for_sale_grouped_in_order(shop: Shop) -> None:
    listed = content()
    assert listed["currency"] == "USD"
    assert [category["name"] for category in listed["categories"]] == [row.name for row in categories_for_sale()]
    first = listed["categories"][0]
    assert first["services"][0] == {
        "id": shop.service("1").pk,
        "name": "Instagram Followers | Real | 30 days refill",
        "type": "Default",
        "min": 50,
        "max": 10000,
        "refill": True,
        "cancel": True,
        "dripfeed": True,
        "average_time": "1 hour 12 minutes",
        "rate": "1.35",
    }


def test_an_unchanged_shelf_is_not_built_again(shop: Shop) -> None:
    first = price_list(terms=SHOP_TERMS)
    with CaptureQueriesContext(connection) as queries:
        assert price_list(terms=SHOP_TERMS) is first
    assert len(queries) == 1


def test_a_changed_price_is_in_the_next_list(shop: Shop) -> None:
    etag, _ = price_list(terms=SHOP_TERMS)
    set_markup(percent=D(100))
    assert price_list(terms=SHOP_TERMS).etag != etag
    assert content()["categories"][0]["services"][0]["rate"] == "1.8"
    set_markup(percent=D(50))
    assert price_list(terms=SHOP_TERMS).etag == etag


def test_a_list_is_built_anew_after_a_while_even_if_nobody_said_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    etag, _ = price_list(terms=SHOP_TERMS)
    Service.objects.filter(pk=shop.service("1").pk).update(name="Renamed behind the shelf's back")
    assert price_list(terms=SHOP_TERMS).etag == etag
    now = cache.time.monotonic()
    monkeypatch.setattr(cache.time, "monotonic", lambda: now + 61)
    assert price_list(terms=SHOP_TERMS).etag != etag


def test_an_empty_shop_has_an_empty_list(db: None) -> None:
    assert not CatalogVersion.objects.exists()
    assert content() == {"currency": "USD", "categories": []}
