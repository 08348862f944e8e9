"""The export of the order list: the orders that the page finds, as a file, and nobody else's."""

import csv
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.http import StreamingHttpResponse
from django.test import Client

from orders.listing import order_list
from orders.models import Order
from orders.rules.states import State
from tests.fixtures_orders import Store
from tests.fixtures_simulator import PLAIN_SERVICE

Queries = Callable[[int], Any]


def exported(client: Client, **query: str) -> list[int]:
    answer = client.get("/orders/export/", query)
    assert isinstance(answer, StreamingHttpResponse)
    text = answer.getvalue().decode()
    return [int(line["Order ID"]) for line in csv.DictReader(text.removeprefix("\ufeff").splitlines())]


@pytest.fixture
def three(store: Store) -> list[int]:
    """Two orders of one link, one of another; the second is partial."""
    orders = [store.place(), store.place(), store.place(PLAIN_SERVICE, link="https://www.tiktok.com/@someone")]
    Order.objects.filter(pk=orders[1].pk).update(state=State.PARTIAL)
    return [order.pk for order in orders]


def test_the_file_holds_what_the_page_finds(ada: Client, three: list[int]) -> None:
    first, second, third = three
    assert exported(ada) == [third, second, first]
    assert exported(ada, state="partial") == [second]
    assert exported(ada, q="natgeo") == [second, first]
    assert exported(ada, q="natgeo", state="pending") == [first]
    assert exported(ada, q=f"{third}, {first}") == [third, first]
    assert exported(ada, **{"from": "2020-01-01", "to": "2020-01-02"}) == []
    assert exported(ada, before=str(second), page="abc") == [third, second, first]


def test_it_is_a_file_to_keep(ada: Client, three: list[int]) -> None:
    with time_machine.travel("2026-03-01T23:30:00+00:00", tick=False):
        ada.force_login(Order.objects.select_related("customer")[0].customer)
        answer = ada.get("/orders/export/", {"zone": "Europe/Berlin"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="orders-2026-03-02.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer.getvalue().startswith(b'\xef\xbb\xbf"Order ID",')


def test_nobody_elses_orders_are_in_it(bo: Client, three: list[int]) -> None:
    assert exported(bo) == []
    assert exported(bo, q=str(three[0])) == []
    assert Client().get("/orders/export/").status_code == 302
    assert bo.post("/orders/export/").status_code == 405


def test_it_ends_at_the_most(ada: Client, three: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.site.order_list.MOST_EXPORTED", 2)
    assert exported(ada) == three[:0:-1]


def test_a_query_for_each_batch(
    ada: Client, three: list[int], monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Queries
) -> None:
    with django_assert_num_queries(5):  # session, user, where it ends, the batch, and that there is no other
        assert len(exported(ada)) == 3
    monkeypatch.setattr(order_list, "BATCH", 2)
    with django_assert_num_queries(6):
        assert exported(ada) == three[::-1]


def test_the_page_links_to_it_with_its_filters(ada: Client, three: list[int]) -> None:
    page = ada.get("/orders/", {"q": "natgeo", "state": "partial", "after": str(three[0])}).content.decode()
    assert 'href="/orders/export/?q=natgeo&amp;state=partial"' in page
