"""The customer's page of refills: theirs alone, open and past, with the reason where one was refused."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Order, Refill
from orders.rules.states import State
from tests.fixtures_orders import Store
from tests.orders.filled import fill_orders
from tests.orders.reading import text_in


def page_of(client: Client, address: str = "/refills/") -> str:
    return client.get(address).content.decode().partition('id="refills"')[2].partition('<nav class="sidebar')[0]


def test_nothing_yet_says_where_it_begins(ada: Client) -> None:
    page = page_of(ada)
    assert "No refills yet" in page
    assert 'href="/orders/"' in page
    assert "data-live" not in page


def test_open_and_past_ones_with_their_reasons(store: Store, ada: Client, completed: Order) -> None:
    ended = timezone.now() - timedelta(hours=2)
    past = {"order": completed, "state": "rejected", "next_at": None, "ended_at": ended}
    Refill.objects.create(**past, reason="North: count has not dropped", created_at=ended - timedelta(days=1))
    Refill.objects.create(order=completed, state="in progress", provider_refill_id="theirs-77")
    page = page_of(ada)
    text = text_in(page)
    assert "All 2 Open 1 Finished 1" in text
    assert "In progress just now –" in text
    assert "Rejected The count hasn&#x27;t dropped enough for a refill. 1 day ago 2 h ago" in text
    assert "North" not in page
    assert "theirs-77" not in page
    assert f'href="/orders/{completed.pk}/"' in page
    assert page.startswith(' data-live hx-get="/refills/" hx-trigger="every 30s, look"')

    assert "In progress" not in text_in(page_of(ada, "/refills/?state=past"))
    assert "Rejected" not in text_in(page_of(ada, "/refills/?state=open"))
    odd = text_in(page_of(ada, "/refills/?state=nonsense"))
    assert "All 2 Open 1 Finished 1" in odd
    assert "The filter “Status” has no value “nonsense”. Change or clear the filter." in odd
    assert "No refills with this status" in odd


def test_an_empty_tab(store: Store, ada: Client, completed: Order) -> None:
    Refill.objects.create(order=completed, state="completed", next_at=None, ended_at=timezone.now())
    assert "No refills with this status" in page_of(ada, "/refills/?state=open")


def test_somebody_elses_are_not_there(store: Store, bo: Client, completed: Order) -> None:
    Refill.objects.create(order=completed)
    assert "No refills yet" in page_of(bo)


def test_it_needs_a_sign_in_and_is_only_looked_at(store: Store, ada: Client) -> None:
    asked = Client().get("/refills/")
    assert (asked.status_code, asked["Location"]) == (302, "/accounts/login/?next=/refills/")
    assert ada.post("/refills/").status_code == 405


@pytest.mark.parametrize("count", [2, 60])
def test_a_page_holds_fifty_in_as_many_queries(store: Store, ada: Client, count: int) -> None:
    orders = fill_orders(store, count, state=State.COMPLETED)
    Refill.objects.bulk_create(Refill(order=order) for order in orders)
    with CaptureQueriesContext(connection) as queries:
        page = page_of(ada)
    assert len(queries) == 7  # session, user, three counts, the page, the balance
    assert page.count('data-label="Status"') == min(count, 50)
    if count > 50:
        assert page_of(ada, "/refills/?page=2").count('data-label="Status"') == 10
