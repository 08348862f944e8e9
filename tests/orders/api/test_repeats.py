"""A customer's rule for programs that send an order again: the same content within so many seconds is the first one."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.aftercare.cancels import request_cancel
from orders.models import Order
from panel.customers.models import User
from tests.fixtures_orders import LINK, Store
from tests.orders.api.conftest import Api


def repeats(store: Store, seconds: int = 30) -> None:
    User.objects.filter(pk=store.customer.pk).update(repeat_seconds=seconds)


def test_the_same_order_within_the_customers_seconds_is_the_first_one(api: Api, store: Store) -> None:
    repeats(store)
    words = {"service": store.service().pk, "link": LINK, "quantity": 1000}
    first = api("add", **words)
    before = store.everything()
    assert api("add", **words) == first
    assert store.everything() == before
    Order.objects.update(created_at=timezone.now() - timedelta(seconds=31))
    assert api("add", **words) != first
    assert store.wallet() == Decimal("97.3")


@pytest.mark.parametrize(
    "changed", [{"quantity": 1001}, {"link": LINK + "/x"}, {"service": "4"}, {"idempotency_key": "mine"}]
)
def test_another_order_is_another_order(api: Api, store: Store, changed: dict[str, Any]) -> None:
    repeats(store)
    words = {"service": store.service().pk, "link": LINK, "quantity": 1000}
    if "service" in changed:
        changed = {"service": store.service("4").pk}
    assert api("add", **words) != api("add", **{**words, **changed})
    assert Order.objects.count() == 2


def test_other_comments_are_another_order(api: Api, store: Store) -> None:
    repeats(store)
    words = {"service": store.service("3").pk, "link": LINK}
    texts = ["\n".join(f"{word} {number}" for number in range(10)) for word in ("good", "fine", "good")]
    orders = [api("add", **words, comments=text)["order"] for text in texts]
    assert (orders[0] == orders[1], orders[0] == orders[2]) == (False, True)


def test_an_order_that_came_to_nothing_is_no_first_one(api: Api, store: Store) -> None:
    repeats(store)
    words = {"service": store.service().pk, "link": LINK, "quantity": 1000}
    first = api("add", **words)
    request_cancel(order_id=first["order"], actor="test")
    assert api("add", **words) != first


def test_without_the_rule_every_call_is_an_order(api: Api, store: Store) -> None:
    words = {"service": store.service().pk, "link": LINK, "quantity": 1000}
    assert api("add", **words) != api("add", **words)


@pytest.mark.parametrize(("text", "status", "kept"), [("60", 302, 60), ("-1", 422, 0), ("3601", 422, 0), ("x", 422, 0)])
def test_the_customer_sets_it_on_the_page(store: Store, text: str, status: int, kept: int) -> None:
    browser = Client()
    browser.force_login(store.customer)
    assert browser.post("/api/repeats/", {"seconds": text}).status_code == status
    assert User.objects.get(pk=store.customer.pk).repeat_seconds == kept
