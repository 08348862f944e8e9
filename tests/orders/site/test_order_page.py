"""One order: who may see it, what it says, what can be done with it."""

import re

import pytest
from django.test import Client

from orders.models import Order, OrderEvent
from orders.rules.states import State
from tests.fixtures_orders import Store
from tests.fixtures_simulator import PACKAGE_SERVICE
from tests.orders.reading import text_of

ROUTES = ("/orders/{}/", "/orders/{}/cancel/", "/orders/{}/refill/")
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


def without_tokens(page: bytes) -> str:
    """The page without what differs from one request to the next."""
    return re.sub(r"[A-Za-z0-9]{64}|\b[0-9a-f]{12}\b", "", page.decode())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES)
def test_somebody_elses_order_is_as_unknown_as_none(store: Store, bo: Client, route: str, method: str) -> None:
    order = store.place()
    before = store.everything()
    theirs = getattr(bo, method)(route.format(order.pk))
    for unknown in (order.pk + 1000, 0, 10**30):
        none = getattr(bo, method)(route.format(unknown))
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert without_tokens(theirs.content) == without_tokens(none.content)
    assert store.everything() == before


def test_again_is_for_ones_own_orders_only(store: Store, bo: Client) -> None:
    order = store.place()
    assert bo.get("/order/", {"again": order.pk}).status_code == 404
    assert bo.get("/order/", {"again": "nonsense"}).status_code == 404


@pytest.mark.parametrize(("route", "method"), [(ROUTES[0], "post"), (ROUTES[1], "get"), (ROUTES[2], "get")])
def test_only_posts_change_anything(store: Store, ada: Client, route: str, method: str) -> None:
    order = store.place()
    before = store.everything()
    assert getattr(ada, method)(route.format(order.pk)).status_code == 405
    assert store.everything() == before


@pytest.mark.parametrize("route", ROUTES[1:])
def test_nothing_is_done_without_the_csrf_token(store: Store, route: str) -> None:
    order = store.place()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(store.customer)
    before = store.everything()
    assert strict.post(route.format(order.pk)).status_code == 403
    assert store.everything() == before


def test_the_page_says_where_the_order_and_the_money_stand(store: Store, ada: Client) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="In progress", start_count=1200, remains=363)
    store.poll()
    text = text_of(ada, order)
    assert "In progress Delivery is in progress." in text
    assert "Start 1,200 Now 1,837 Target 2,200" in text
    assert "Charge $1.35 Refunded $0.00 Total $1.35" in text
    assert "Quantity 1,000 Start count 1,200 Delivered 637 Remaining 363 Price per 1,000 $1.35" in text
    assert "History Delivery started just now Start count: 1,200." in text
    assert "Accepted" in text
    assert "Order placed just now $1.35 was charged to your balance." in text


def test_a_partial_says_what_came_back(store: Store, ada: Client) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Partial", start_count=0, remains=437)
    store.poll()
    text = text_of(ada, order)
    assert "Refunded just now $0.58995 was refunded to your balance." in text
    assert "Partially completed just now 437 of 1,000 were not delivered." in text
    assert "Charge $1.35 Refunded +$0.58995 Total $0.76005" in text
    assert "hx-get" not in ada.get(f"/orders/{order.pk}/").content.decode().partition('id="order-live"')[2]


def test_a_package_is_no_thousand(store: Store, ada: Client) -> None:
    text = text_of(ada, store.place(PACKAGE_SERVICE))
    assert "Quantity 1 package Price per package $7.50" in text


def test_a_drip_feed_says_its_runs(store: Store, ada: Client) -> None:
    text = text_of(ada, store.place(runs="3", interval="30"))
    assert "Quantity 3,000" in text
    assert "Drip-feed 3 runs of 1000, every 30 min" in text


def test_the_page_asks_for_itself_while_the_order_is_open(store: Store, ada: Client) -> None:
    order = store.place()
    page = ada.get(f"/orders/{order.pk}/").content.decode()
    assert f'data-live hx-get="/orders/{order.pk}/" hx-trigger="every 15s, look" hx-select="#order-live"' in page


@pytest.mark.parametrize("state", [State.UNCONFIRMED, State.REVIEW])
def test_doubt_reads_as_waiting(store: Store, ada: Client, state: State) -> None:
    order = store.place()
    store.simulator.next("add", "error500_after")
    store.submit(order)
    Order.objects.filter(pk=order.pk).update(state=state, attention="odd remains")
    OrderEvent.objects.create(order=order, what="attention", reason="odd remains: secret", actor="staff@example.com")
    text = text_of(ada, order)
    assert "Pending We&#x27;re confirming this order with the supplier. You won&#x27;t be charged twice." in text
    assert "Confirming just now We&#x27;re confirming this order with the supplier." in text
    for hidden in ("secret", "staff@example.com", "odd remains", "UNCONFIRMED", "REVIEW", "North", "500"):
        assert hidden not in text.replace("1,500", ""), hidden


def test_nobody_reads_whom_we_bought_from_nor_for_how_much(store: Store, ada: Client) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(provider_order_id="theirs-4711", provider_status_raw="In Progress!")
    page = ada.get(f"/orders/{order.pk}/").content.decode()
    for hidden in (store.provider.name, store.provider.url, "0.90", "theirs-4711", "In Progress!"):
        assert hidden not in page


def test_a_refusal_in_the_providers_words_is_told_in_ours(store: Store, ada: Client) -> None:
    order = store.place()
    OrderEvent.objects.create(order=order, what="rejected", new="REJECTED", reason="Provider North says: bad key 123")
    text = text_of(ada, order)
    assert "Canceled just now We couldn&#x27;t deliver this order." in text
    assert "North" not in text


def test_waiting_is_told_once(store: Store, ada: Client) -> None:
    order = store.place()
    for _ in range(5):
        OrderEvent.objects.create(order=order, what="sent")
        OrderEvent.objects.create(order=order, what="waits", reason="funds: no money at North")
    text = text_of(ada, order)
    assert text.count("Queued") == 1
    assert "funds" not in text


def test_the_page_takes_as_many_queries_however_long_the_history(
    store: Store, ada: Client, completed: Order, django_assert_num_queries: object
) -> None:
    for _ in range(2):
        with django_assert_num_queries(7):  # type: ignore[operator]
            ada.get(f"/orders/{completed.pk}/")  # session, user, order, refills, cancels, events, balance
        for _ in range(20):
            OrderEvent.objects.create(order=completed, what="started")
