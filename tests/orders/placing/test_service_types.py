"""Every type of service from the form to its end: what is charged, what the provider is sent, what the books say."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.bulk_requests import request_cancels
from orders.aftercare.cancel_jobs import poll_cancels
from orders.models import Order
from orders.rules.service_types import SERVICE_TYPES
from providers.catalog.publishing.refresh import refresh_provider
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS
from tests.orders.conftest import hidden_value
from tests.orders.placing.test_validation import ENOUGH, UNITS

RATE = Decimal(9)
"""Of every service here, with the markup of a half on the provider's 6: for 1000 units, or for a package."""


@pytest.fixture
def client(store: Store) -> Client:
    client = Client()
    client.force_login(store.customer)
    return client


def sell(store: Store, name: str) -> int:
    """A service of the type on the shelf."""
    store.simulator.add_service(
        900, name=f"A {name}", type=name, category="All types", rate="6", min="1", max="1000", dripfeed=True
    )
    refresh_provider(provider_id=store.provider.pk, now=timezone.now())
    return store.service("900").pk


def sent(store: Store) -> dict[str, str]:
    """The parameters that the provider got for its one order, of all that any type has."""
    (bought,) = store.simulator.orders()
    assert bought["service"] == "900"
    names = {field.name for kind in SERVICE_TYPES.values() for field in kind.fields}
    kind = SERVICE_TYPES[Order.objects.get().type]
    given = {name: str(value) for name, value in bought.items() if name in names and value != ""}
    if "quantity" not in {field.name for field in kind.fields}:
        del given["quantity"]  # what it reckoned by itself
    return given


def order_by_form(client: Client, service: int, words: dict[str, str]) -> Order:
    page = client.get("/order/", {"service": service}).content.decode()
    for name in words:
        assert f'name="{name}"' in page
    hidden = {name: hidden_value(page, name) for name in ("token", "seen_rate")}
    answer = client.post("/order/", {"service": service, **hidden, **words})
    assert answer.status_code == 302, answer.content.decode()
    return Order.objects.get()


@pytest.mark.parametrize("name", [name for name in SERVICE_TYPES if name != "Subscriptions"])
def test_from_the_form_to_its_end(store: Store, client: Client, name: str) -> None:
    words = ENOUGH[name]
    order = order_by_form(client, sell(store, name), words)
    units = UNITS.get(name, 100)
    charge = RATE if SERVICE_TYPES[name].is_per_package else RATE * units / 1000
    assert (order.type, order.quantity, order.charge) == (name, units, charge)
    assert store.wallet() == 100 - charge

    order = store.submit(order)
    assert order.state == "ACTIVE"
    assert sent(store) == words
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    order = store.fresh(order)
    assert (order.state, order.refunded, order.cost) == ("COMPLETED", 0, charge * 2 / 3)
    assert store.money()["revenue"] == charge
    assert audit_all() == []
    page = client.get(f"/orders/{order.pk}/").content.decode()
    for field in ("username", "hashtag", "comments", "usernames", "keywords", "groups"):
        for line in words.get(field, "").splitlines():
            assert line in page


@pytest.mark.parametrize(("posts", "state", "refunded"), [(3, "COMPLETED", "0"), (1, "PARTIAL", "1.44")])
def test_a_subscription(store: Store, client: Client, posts: int, state: str, refunded: str) -> None:
    words = ENOUGH["Subscriptions"]
    order = order_by_form(client, sell(store, "Subscriptions"), words)
    assert (order.quantity, order.charge, order.link) == (240, Decimal("2.16"), "")
    order = store.submit(order)
    (bought,) = store.simulator.orders()
    assert {name: bought[name] for name in ("username", "min", "max", "delay")} | {"posts": "3"} == words
    assert bought["quantity"] == 240  # what it reckoned by itself, from max and posts

    ended = "Completed" if posts == 3 else "Expired"
    store.simulator.set_order(order.provider_order_id, status=ended, posts=str(posts))
    store.poll()
    order = store.fresh(order)
    assert (order.state, order.refunded) == (state, Decimal(refunded))
    assert store.wallet() == 100 - Decimal("2.16") + Decimal(refunded)
    assert audit_all() == []
    assert "natgeo" not in client.get(f"/orders/{order.pk}/").content.decode()


def test_a_subscription_that_is_stopped_pays_for_what_was_served(store: Store, client: Client) -> None:
    service = sell(store, "Subscriptions")
    store.simulator.set_service(900, cancel=True)
    refresh_provider(provider_id=store.provider.pk, now=timezone.now())
    order = store.submit(order_by_form(client, service, ENOUGH["Subscriptions"]))
    store.poll()
    said = request_cancels(customer=store.customer, order_ids=[order.pk], actor="ada@example.com")
    assert said == {order.pk: ""}
    poll_cancels(now=timezone.now())
    assert store.wallet() == 100 - Decimal("2.16")  # "accepted" moves nothing

    store.simulator.set_order(order.provider_order_id, status="Canceled", posts="2", charge="0.96")
    store.poll()
    poll_cancels(now=timezone.now())
    order = store.fresh(order)
    assert (order.state, order.refunded, order.cost) == ("PARTIAL", Decimal("0.72"), Decimal("0.96"))
    assert store.wallet() == 100 - Decimal("1.44")
    assert order.cancellations.get().state == "done"
    assert audit_all() == []


def test_a_drip_feed_runs_to_its_end(store: Store, client: Client) -> None:
    words = {**ENOUGH["Default"], "runs": "3", "interval": "1"}
    order = order_by_form(client, sell(store, "Default"), words)
    assert (order.quantity, order.charge) == (300, Decimal("2.7"))
    order = store.submit(order)
    for _ in range(20):
        store.simulator.advance(ORDER_SECONDS)
        store.poll()
    order = store.fresh(order)
    assert (order.state, order.refunded, order.cost) == ("COMPLETED", 0, Decimal("1.8"))
    page = client.get(f"/orders/{order.pk}/").content.decode()
    assert "3 runs of 100, every 1 min" in page
    assert audit_all() == []
