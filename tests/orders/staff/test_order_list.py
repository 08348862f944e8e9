"""The staff's list: every way to find an order, pages that hold each once, and a bounded number of queries."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.listing import paging, text_search
from orders.listing.search import Sought, find_orders
from orders.models import Order
from panel.customers.models import User
from panel.wallet import ledger
from tests.fixtures_orders import Store
from tests.fixtures_simulator import PLAIN_SERVICE

pytestmark = pytest.mark.django_db


@pytest.fixture
def five(store: Store) -> list[int]:
    """Five orders, oldest first; the third is Bo's, the fourth is flagged, the last was sent."""
    found = [store.place(link=f"https://example.com/{number}/", quantity="100") for number in range(4)]
    bo = User.objects.create_user("bo@example.com")
    ledger.credit_wallet(user=bo, amount=found[0].charge, key="credit:bo")
    Order.objects.filter(pk=found[2].pk).update(customer=bo)
    Order.objects.filter(pk=found[3].pk).update(attention="odd remains", state="COMPLETED")
    found.append(store.active(PLAIN_SERVICE, quantity="100", link="https://example.com/sent/"))
    start = timezone.now() - timedelta(days=5)
    for number, order in enumerate(found):
        Order.objects.filter(pk=order.pk).update(created_at=start + timedelta(days=number))
    return [order.pk for order in found]


def found(**sought: Any) -> list[int]:
    return [order.pk for order in find_orders(Sought(**sought)).rows]


def test_every_way_to_find_an_order(store: Store, five: list[int]) -> None:
    newest_first = five[::-1]
    bo = User.objects.get(email="bo@example.com")
    sent = Order.objects.get(pk=five[4])
    assert found() == newest_first
    assert found(search=str(five[1])) == [five[1]]
    assert found(search=f"#{five[0]}, {five[3]}") == [five[3], five[0]]
    assert five[4] in found(search=sent.provider_order_id)
    assert found(search="BO@example.com") == [five[2]]
    assert found(search="bo@exam") == [five[2]]
    assert found(search="example.com/3") == [five[3]]
    assert found(search="nowhere") == []
    assert found(state="COMPLETED") == [five[3]]
    assert found(state="ACTIVE", provider=store.provider.pk) == [five[4]]
    assert found(provider=store.provider.pk + 1) == []
    assert found(service=sent.service_id) == [five[4]]
    assert found(customer=bo.pk) == [five[2]]
    assert found(is_flagged=True) == [five[3]]
    assert found(is_flagged=True, customer=bo.pk) == []
    assert found(search="ada@example.com", state="ACTIVE") == [five[4]]
    day = timezone.now() - timedelta(days=3, hours=1)
    assert found(since=day, until=day + timedelta(days=1)) == [five[2]]


def test_a_number_of_the_provider_that_is_no_number(store: Store, five: list[int]) -> None:
    Order.objects.filter(pk=five[4]).update(provider_order_id="ab-12/x")
    assert found(search="ab-12/x") == [five[4]]


def test_pages_hold_each_order_once(five: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "ROWS", 2)
    seen, place = [], None
    while True:
        page = find_orders(Sought(), before=place)
        seen.append([order.pk for order in page.rows])
        if page.older is None:
            break
        place = paging.place_in(Order.objects.all(), order_id=page.older)
    assert seen == [[five[4], five[3]], [five[2], five[1]], [five[0]]]
    back = find_orders(Sought(), after=paging.place_in(Order.objects.all(), order_id=five[0]))
    assert [order.pk for order in back.rows] == [five[2], five[1]]


def test_what_no_index_finds_is_looked_for_so_far(five: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_search, "NEAR", 1)
    monkeypatch.setattr(text_search, "REACH", 2)
    page = find_orders(Sought(search="1/"))
    assert (page.rows, page.older) == ([], five[3])
    assert page.searched_to is not None
    assert found(state="QUEUED") == [five[2], five[1], five[0]]  # an index finds these, all of them


def test_the_page_and_its_filters(owner: Client, store: Store, five: list[int]) -> None:
    page = owner.get("/staff/orders/").content.decode()
    assert [f"/staff/orders/{pk}/" in page for pk in five] == [True] * 5
    narrowed = owner.get("/staff/orders/", {"state": "COMPLETED", "provider": store.provider.pk}).content.decode()
    assert [f"/staff/orders/{pk}/" in narrowed for pk in five] == [False, False, False, True, False]
    assert "No matching orders" in owner.get("/staff/orders/", {"q": "nowhere"}).content.decode()
    customer = owner.get("/staff/orders/", {"customer": store.customer.pk}).content.decode()
    assert "Show all customers" in customer
    day = f"{timezone.now() - timedelta(days=5):%Y-%m-%d}"
    dated = owner.get("/staff/orders/", {"from": day, "to": day}).content.decode()
    assert [f"/staff/orders/{pk}/" in dated for pk in five] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [
        ("state", "nonsense", "Status"),
        ("state", "queued", "Status"),
        ("provider", "²", "Provider"),
        ("provider", "North", "Provider"),
        ("service", "12a", "Service ID"),
        ("service", "9" * 19, "Service ID"),
        ("customer", "-1", "Customer"),
        ("flagged", "yes", "Flagged"),
    ],
)
def test_a_filter_without_sense_finds_nothing_and_says_so(
    owner: Client, five: list[int], name: str, text: str, label: str
) -> None:
    page = owner.get("/staff/orders/", {name: text}).content.decode()
    assert f"The filter “{label}” has no value “{text[:20]}”. Change or clear the filter." in page
    assert "No matching orders" in page
    assert [f"/staff/orders/{pk}/" in page for pk in five] == [False] * 5


def test_a_service_that_was_typed_stays_in_its_field(owner: Client, five: list[int]) -> None:
    assert 'maxlength="18" value="12a"' in owner.get("/staff/orders/", {"service": "12a"}).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"state": "nonsense", "provider": "²", "service": "x", "customer": "-1", "from": "2026-13-01"},
        {"before": "99999999999999999999"},
        {"after": "987654", "q": "\x00"},
        {"q": "%_'\";--"},
    ],
)
def test_an_address_that_makes_no_sense_does_no_harm(owner: Client, five: list[int], query: dict[str, str]) -> None:
    assert owner.get("/staff/orders/", query).status_code == 200


def test_the_list_takes_few_queries(
    owner: Client, five: list[int], django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for query in ({}, {"q": "example.com", "state": "QUEUED"}, {"q": str(five[0]), "before": str(five[4])}):
        with django_assert_max_num_queries(15):
            owner.get("/staff/orders/", query)


def test_the_admin_leads_to_the_page(owner: Client, five: list[int]) -> None:
    assert f"/staff/orders/{five[0]}/" in owner.get("/admin/orders/order/").content.decode()
    assert f"/staff/orders/{five[0]}/" in owner.get(f"/admin/orders/order/{five[0]}/change/").content.decode()
