"""Addresses of the order list that nobody's page made: no error; a filter without sense finds nothing and says so."""

import html
from datetime import UTC, datetime

import pytest
from django.conf import LazySettings
from django.test import Client

from orders.models import Order
from tests.fixtures_orders import Store
from tests.orders.site.test_order_list import shown

BIG = "9" * 40
LOST = "That page doesn't exist. Showing the newest orders."


def text_of(client: Client, path: str = "/orders/", **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize(
    "place", ["abc", "-1", "0", BIG, "999999999999999999", "1\x00", "1;drop", "٣", "1.5", "\ufffd"]
)
def test_a_page_that_is_not_there_is_the_newest(store: Store, ada: Client, name: str, place: str) -> None:
    order = store.place()
    page = text_of(ada, **{name: place})
    assert LOST in page
    assert f'<tr id="order-{order.pk}"' in page


def test_somebody_elses_order_is_no_place(store: Store, bo: Client) -> None:
    assert LOST in text_of(bo, before=str(store.place().pk))


@pytest.mark.parametrize(
    "query",
    [
        {"page": "abc"},
        {"page": "-1"},
        {"page": BIG},
        {"zone": "../../etc/passwd", "from": "2020-01-01"},
        {"zone": "Europe", "from": "2020-01-01"},
        {"zone": "Z" * 5000, "from": "2020-01-01"},
        {"zone": "\x00", "from": "2020-01-01"},
        {"q": "  "},
        {"q": "\x00"},
    ],
)
def test_what_makes_no_sense_is_left_out(store: Store, ada: Client, query: dict[str, str]) -> None:
    order = store.place()
    page = text_of(ada, **query)
    assert f'<tr id="order-{order.pk}"' in page
    assert "tone-amber" not in page.partition('id="orders"')[2]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"state": "\x00"}, "Status"),
        ({"state": "nonsense"}, "Status"),
        ({"state": "Pending"}, "Status"),
        ({"since": BIG}, "Placed"),
        ({"since": "-1"}, "Placed"),
        ({"since": "8", "state": "pending", "q": "natgeo"}, "Placed"),
    ],
)
def test_a_filter_without_sense_finds_nothing_and_says_so(
    store: Store, ada: Client, query: dict[str, str], name: str
) -> None:
    order = store.place()
    page = text_of(ada, **query)
    assert f"The filter “{name}” has no value “" in page
    assert f'<tr id="order-{order.pk}"' not in page
    assert "No matching orders" in page
    assert "Clear filters" in page
    exported = b"".join(ada.get("/orders/export/", query).streaming_content)  # type: ignore[attr-defined]
    assert exported.count(b"\n") == 1  # the head


@pytest.mark.parametrize("search", [BIG, "%", "_", "\\", "'", '"', "1\x002", "é" * 5000, "-1", "1 " * 600, "😀"])
def test_a_search_takes_any_text(store: Store, ada: Client, search: str) -> None:
    store.place()
    assert "No matching orders" in text_of(ada, q=search)


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize(
    "day",
    ["2026-13-01", "2026-02-30", "abc", "1", "20260301", "2026-W01-1", "0001-01-01", "9999-12-31", "2026-1-1", "\x00"],
)
def test_a_day_that_is_none_finds_nothing_and_is_said(store: Store, ada: Client, name: str, day: str) -> None:
    order = store.place()
    page = text_of(ada, **{name: day})
    assert f"“{day}” isn't a date. Use the format YYYY-MM-DD, for example 2026-03-31." in page
    assert f'<tr id="order-{order.pk}"' not in page
    assert "No matching orders" in page
    assert f'id="orders-{name}" name="{name}" value=""' in page


def test_days_in_the_wrong_order_are_said(store: Store, ada: Client) -> None:
    store.place()
    page = text_of(ada, **{"from": "2026-03-02", "to": "2026-03-01"})
    assert "The start date is after the end date. Choose an earlier start date." in page
    assert "No matching orders" in page


def test_days_are_the_customers(store: Store, ada: Client, settings: LazySettings) -> None:
    """Half past eleven in UTC is the next day in Berlin; the customer's own zone goes before all others."""
    order = store.place()
    Order.objects.filter(pk=order.pk).update(created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    day = {"from": "2026-03-02", "to": "2026-03-02"}
    assert shown(ada, **day) == []
    assert shown(ada, **day, zone="Europe/Berlin") == [order.pk]
    assert shown(ada, **{"from": "2026-03-01", "to": "2026-03-01"}) == [order.pk]
    settings.REPORT_TIME_ZONE = "Europe/Berlin"
    assert shown(ada, **day) == [order.pk]
    assert shown(ada, **day, zone="UTC") == []
    settings.REPORT_TIME_ZONE = "UTC"
    store.customer.time_zone = "Europe/Berlin"
    store.customer.save()
    assert shown(ada, **day) == [order.pk]
    assert shown(ada, **day, zone="UTC") == [order.pk]
    assert shown(ada, to="2026-03-01") == []
    assert shown(ada, **{"from": "2026-03-03"}) == []


def test_days_go_before_a_period(store: Store, ada: Client) -> None:
    order = store.place()
    Order.objects.filter(pk=order.pk).update(created_at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    page = text_of(ada, **{"from": "2026-03-01", "since": "1"})
    assert f'<tr id="order-{order.pk}"' in page
    assert '<option value="1" selected>' not in page
    assert 'name="from" value="2026-03-01"' in page


def test_each_empty_list_says_why(store: Store, ada: Client, bo: Client) -> None:
    order = store.place()
    assert "No orders yet" in text_of(bo)
    assert "No orders with this status" in text_of(ada, state="partial")
    assert 'href="/orders/">Clear filters</a>' in text_of(ada, q="nothing")
    assert "No more orders" in text_of(ada, before=str(order.pk))
