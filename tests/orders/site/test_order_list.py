"""The customer's orders: tabs, search, pages, rows that keep themselves fresh; nobody else's order in any of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from orders.listing import order_list, paging, text_search
from orders.models import Order
from orders.rules.states import State
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import PLAIN_SERVICE

HTMX = {"HX-Request": "true"}
Queries = Callable[[int], Any]


def shown(client: Client, **query: str) -> list[int]:
    """The numbers of the orders on the page, in its order."""
    return [int(pk) for pk in re.findall(r'<tr id="order-(\d+)"', client.get("/orders/", query).content.decode())]


def counts(client: Client, **query: str) -> dict[str, str]:
    page = client.get("/orders/", query).content.decode()
    return dict(re.findall(r'>([\w ]+)<span class="tab-count">([^<]+)<', page))


def test_the_tabs_count_and_filter(store: Store, ada: Client) -> None:
    queued, active, partial = store.place(), store.active(), store.place()
    Order.objects.filter(pk=partial.pk).update(state=State.PARTIAL)
    Order.objects.filter(pk=active.pk).update(provider_status="In progress")
    assert counts(ada) == {
        "All": "3", "Pending": "1", "Processing": "0", "In progress": "1", "Completed": "0", "Partial": "1",
        "Canceled": "0",
    }  # fmt: skip
    assert shown(ada) == [partial.pk, active.pk, queued.pk]
    assert shown(ada, state="pending") == [queued.pk]
    assert shown(ada, state="in-progress") == [active.pk]
    assert shown(ada, state="completed") == []
    assert shown(ada, state="nonsense") == []


def test_orders_are_found_by_number_link_and_service(store: Store, ada: Client) -> None:
    first = store.place()
    other = store.place(PLAIN_SERVICE, link="https://www.tiktok.com/@someone")
    assert shown(ada, q=str(first.pk)) == [first.pk]
    assert shown(ada, q=f"#{other.pk}") == [other.pk]
    assert shown(ada, q="TIKTOK.com/@some") == [other.pk]
    assert shown(ada, q="tiktok views") == [other.pk]
    assert shown(ada, q="natgeo") == [first.pk]
    assert shown(ada, q="9" * 40) == []
    assert counts(ada, q="natgeo")["All"] == "1"
    assert "No matching orders" in ada.get("/orders/", {"q": "nothing"}).content.decode()


def test_orders_are_found_by_when_they_were_made(store: Store, ada: Client) -> None:
    old, new = store.place(), store.place()
    Order.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    assert shown(ada, since="7") == [new.pk]
    assert shown(ada, since="30") == [new.pk, old.pk]
    assert shown(ada, since="nonsense") == []


def test_a_page_leads_on_and_keeps_the_filters(store: Store, ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "ROWS", 2)
    ids = [store.place(PLAIN_SERVICE, quantity="10").pk for _ in range(5)]
    asked = {"q": "tiktok", "state": "pending"}
    first = ada.get("/orders/", asked).content.decode()
    assert "1–2 of 5" in first
    assert f'rel="next" href="?q=tiktok&amp;state=pending&amp;before={ids[3]}"' in first
    assert 'rel="prev"' not in first
    second = ada.get("/orders/", {**asked, "before": str(ids[3])}).content.decode()
    assert shown(ada, **asked, before=str(ids[3])) == [ids[2], ids[1]]
    assert f'rel="prev" href="?q=tiktok&amp;state=pending&amp;after={ids[2]}"' in second
    assert '<a class="btn btn-quiet btn-sm" href="?q=tiktok&amp;state=pending">Newest</a>' in second
    assert shown(ada, **asked, before=str(ids[1])) == [ids[0]]
    assert shown(ada, **asked, after=str(ids[2])) == [ids[4], ids[3]]
    assert 'id="tab-partial" href="?q=tiktok&amp;state=partial"' in second  # a tab begins with its newest


def test_counting_stops_where_the_page_says_so(store: Store, ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        store.place(PLAIN_SERVICE, quantity="10")
    monkeypatch.setattr(order_list, "MAX_COUNTED", 2)
    monkeypatch.setattr("orders.site.order_list.MAX_COUNTED", 2)
    assert (counts(ada)["All"], counts(ada)["Pending"], counts(ada)["Partial"]) == ("2+", "2+", "0")
    assert "1–3 of 2+" in ada.get("/orders/").content.decode()


def test_a_search_that_stops_says_how_far_it_looked(store: Store, ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    old, *_, last = [store.place(PLAIN_SERVICE, quantity="10", link=f"https://example.com/{n}/").pk for n in range(4)]
    monkeypatch.setattr(text_search, "NEAR", 1)
    monkeypatch.setattr(text_search, "REACH", 2)
    page = ada.get("/orders/", {"q": "0/"}).content.decode()
    assert "No results so far" in page
    assert "Searched orders back to" in page
    assert "Enter at least three letters or digits in a row to search all orders." in page
    assert f'<a href="?q=0%2F&amp;before={last - 1}">Search older orders</a>' in page
    assert counts(ada, q="0/")["All"] == "0+"
    assert shown(ada, q="0/", before=str(last - 1)) == [old]


def test_the_list_takes_as_many_queries_however_long(
    store: Store, ada: Client, django_assert_num_queries: Queries
) -> None:
    for _ in range(2):
        for _ in range(5):
            order = store.place(PLAIN_SERVICE, quantity="10")
        with django_assert_num_queries(5):  # session, user, rows, counts, balance
            assert ada.get("/orders/", {"state": "pending"}).status_code == 200
        with django_assert_num_queries(6):  # and where the page begins
            assert ada.get("/orders/", {"before": order.pk}).status_code == 200
        is_sqlite = connection.vendor == "sqlite"  # it is asked whether it has an index of texts
        with django_assert_num_queries(7 + is_sqlite):  # and what matches of the next orders and of their services
            assert ada.get("/orders/", {"q": "tiktok"}).status_code == 200


def test_somebody_elses_orders_are_nowhere(store: Store, bo: Client) -> None:
    order = store.place()
    assert shown(bo) == []
    assert shown(bo, q=str(order.pk)) == []
    assert counts(bo)["All"] == "0"
    assert "No orders yet" in bo.get("/orders/").content.decode()
    assert "<tr" not in bo.get("/orders/live/", {"ids": str(order.pk)}, headers=HTMX).content.decode()


def test_the_open_rows_ask_for_themselves(store: Store, ada: Client) -> None:
    done, running = store.place(), store.active()
    Order.objects.filter(pk=done.pk).update(state=State.COMPLETED)
    page = ada.get("/orders/").content.decode()
    assert f'hx-get="/orders/live/?ids={running.pk}&amp;select=1" hx-trigger="every 15s, look"' in page


def test_rows_keep_what_they_are_for(store: Store, ada: Client) -> None:
    """In the list they can be chosen, below the order form they cannot; each can be ordered again."""
    order = store.active()
    box = f'name="order" value="{order.pk}"'
    assert box in ada.get("/orders/").content.decode()
    assert box in ada.get("/orders/live/", {"ids": order.pk, "select": "1"}, headers=HTMX).content.decode()
    assert box not in ada.get("/orders/live/", {"ids": order.pk}, headers=HTMX).content.decode()
    latest = ada.get("/order/").content.decode()
    assert box not in latest
    assert f'href="/order/?again={order.pk}"' in latest


def test_a_row_that_has_ended_is_shown_once_more_and_not_asked_for_again(store: Store, ada: Client) -> None:
    order = store.active()
    live = ada.get("/orders/live/", {"ids": str(order.pk)}, headers=HTMX).content.decode()
    assert f'<template><tr id="order-{order.pk}" hx-swap-oob="true">' in live
    assert f"ids={order.pk}" in live
    store.simulator.set_order(order.provider_order_id, status="Completed", remains=0)
    store.poll()
    live = ada.get("/orders/live/", {"ids": str(order.pk)}, headers=HTMX).content.decode()
    assert "Completed" in live
    assert "hx-get" not in live
    assert '<div id="orders-live" hidden></div>' in live


@pytest.mark.parametrize("ids", ["", "x", ",,", "-1", "9" * 40, "1;2", ",".join(["1"] * 5000)])
def test_odd_ids_are_no_rows(store: Store, ada: Client, ids: str) -> None:
    assert "<tr" not in ada.get("/orders/live/", {"ids": ids}, headers=HTMX).content.decode()


def test_the_rows_are_one_query(
    store: Store, ada: Client, many: list[Order], django_assert_num_queries: Queries
) -> None:
    ids = ",".join(str(order.pk) for order in many)
    with django_assert_num_queries(3):  # session, user, rows
        page = ada.get("/orders/live/", {"ids": ids}, headers=HTMX).content.decode()
    assert page.count("<tr ") == 30


def test_what_customers_wrote_is_text(store: Store, ada: Client) -> None:
    order = store.place()
    type(order).objects.update(link='https://example.com/"><script>alert(1)</script>')  # no door lets it in
    store.service().__class__.objects.update(name="<b>Bold</b>")
    for path in ("/orders/", f"/orders/{order.pk}/", "/order/"):
        page = ada.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<b>Bold" not in page
        assert 'rel="noopener noreferrer nofollow"' in page


def test_the_money_given_back_stands_beside_the_charge(store: Store, ada: Client) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=437)
    store.poll()
    page = ada.get("/orders/").content.decode()
    assert (
        '<span class="money" title="1.350000 USD">$1.35</span><span class="small muted">$0.58995 refunded</span>'
        in page
    )
    assert "563 <span" in page
    assert LINK in page
