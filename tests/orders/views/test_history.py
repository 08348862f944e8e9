"""The customer's orders: tabs, search, pages, rows that keep themselves fresh; nobody else's order in any of it."""

import itertools
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import Order
from orders.states import State, word_for_customer
from orders.views.history import WORDS
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import PLAIN_SERVICE

SAID = ("", "Pending", "Processing", "In progress", "Completed", "Something new")
HTMX = {"HX-Request": "true"}


def shown(client: Client, **query: str) -> list[int]:
    """The numbers of the orders on the page, in its order."""
    return [int(pk) for pk in re.findall(r'<tr id="order-(\d+)"', client.get("/orders/", query).content.decode())]


def counts(client: Client, **query: str) -> dict[str, int]:
    page = client.get("/orders/", query).content.decode()
    return {name: int(count) for name, count in re.findall(r'>([\w ]+)<span class="tab-count">(\d+)<', page)}


def test_a_tab_holds_what_its_word_says(store: Store) -> None:
    """Every state with every word of the provider's: the filter agrees with the word that customers read."""
    for number, (state, said) in enumerate(itertools.product(State, SAID)):
        order = store.place(PLAIN_SERVICE, quantity="10")
        Order.objects.filter(pk=order.pk).update(state=state, provider_status=said, provider_order_id=f"x{number}")
    for word, condition in WORDS.items():
        found = set(Order.objects.filter(condition).values_list("pk", flat=True))
        expected = {
            pk
            for pk, state, said in Order.objects.values_list("pk", "state", "provider_status")
            if word_for_customer(state, said) == word
        }
        assert found == expected, word


def test_the_tabs_count_and_filter(store: Store, ada: Client) -> None:
    queued, active, partial = store.place(), store.active(), store.place()
    Order.objects.filter(pk=partial.pk).update(state=State.PARTIAL)
    Order.objects.filter(pk=active.pk).update(provider_status="In progress")
    assert counts(ada) == {
        "All": 3, "Pending": 1, "Processing": 0, "In progress": 1, "Completed": 0, "Partial": 1, "Canceled": 0,
    }  # fmt: skip
    assert shown(ada) == [partial.pk, active.pk, queued.pk]
    assert shown(ada, state="pending") == [queued.pk]
    assert shown(ada, state="in-progress") == [active.pk]
    assert shown(ada, state="completed") == []
    assert shown(ada, state="nonsense") == [partial.pk, active.pk, queued.pk]


def test_orders_are_found_by_number_link_and_service(store: Store, ada: Client) -> None:
    first = store.place()
    other = store.place(PLAIN_SERVICE, link="https://www.tiktok.com/@someone")
    assert shown(ada, q=str(first.pk)) == [first.pk]
    assert shown(ada, q=f"#{other.pk}") == [other.pk]
    assert shown(ada, q="TIKTOK.com/@some") == [other.pk]
    assert shown(ada, q="tiktok views") == [other.pk]
    assert shown(ada, q="natgeo") == [first.pk]
    assert shown(ada, q="9" * 40) == []
    assert counts(ada, q="natgeo")["All"] == 1
    assert "No order matches" in ada.get("/orders/", {"q": "nothing"}).content.decode()


def test_orders_are_found_by_when_they_were_made(store: Store, ada: Client) -> None:
    old, new = store.place(), store.place()
    Order.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    assert shown(ada, since="7") == [new.pk]
    assert shown(ada, since="30") == [new.pk, old.pk]
    assert shown(ada, since="nonsense") == [new.pk, old.pk]


def test_a_page_holds_fifty_and_keeps_the_filters(store: Store, ada: Client) -> None:
    orders = [store.place(PLAIN_SERVICE, quantity="10") for _ in range(52)]
    first = ada.get("/orders/", {"q": "tiktok"}).content.decode()
    assert "1–50 of 52" in first
    assert 'href="?q=tiktok&amp;page=2"' in first
    assert shown(ada, page="2") == [orders[1].pk, orders[0].pk]
    assert shown(ada, page="99") == [orders[1].pk, orders[0].pk]


def test_the_list_takes_as_many_queries_however_long(
    store: Store, ada: Client, many: list[Order], django_assert_num_queries: object
) -> None:
    for rows in (1, 2):
        with django_assert_num_queries(5):  # type: ignore[operator]  # session, user, counts, rows, balance
            assert ada.get("/orders/", {"state": "pending"}).status_code == 200
        if rows == 1:
            for _ in range(10):
                store.place(PLAIN_SERVICE, quantity="10")


def test_somebody_elses_orders_are_nowhere(store: Store, bo: Client) -> None:
    order = store.place()
    assert shown(bo) == []
    assert shown(bo, q=str(order.pk)) == []
    assert counts(bo)["All"] == 0
    assert "No orders yet" in bo.get("/orders/").content.decode()
    assert "<tr" not in bo.get("/orders/live/", {"ids": str(order.pk)}, headers=HTMX).content.decode()


def test_the_open_rows_ask_for_themselves(store: Store, ada: Client) -> None:
    done, running = store.place(), store.active()
    Order.objects.filter(pk=done.pk).update(state=State.COMPLETED)
    page = ada.get("/orders/").content.decode()
    assert f'hx-get="/orders/live/?ids={running.pk}" hx-trigger="every 15s, look"' in page


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
    store: Store, ada: Client, many: list[Order], django_assert_num_queries: object
) -> None:
    ids = ",".join(str(order.pk) for order in many)
    with django_assert_num_queries(3):  # type: ignore[operator]  # session, user, rows
        page = ada.get("/orders/live/", {"ids": ids}, headers=HTMX).content.decode()
    assert page.count("<tr ") == 30


def test_what_customers_wrote_is_text(store: Store, ada: Client) -> None:
    order = store.place(link='https://example.com/"><script>alert(1)</script>')
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
    assert '<span class="money" title="1.350000 USD">$1.35</span><span class="small muted">$0.58995 back</span>' in page
    assert "563 <span" in page
    assert LINK in page
