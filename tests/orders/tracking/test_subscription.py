"""A subscription pays for the posts that were served; the rest of what was held comes back, to the millionth."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.models import Order
from orders.rules.polling_interval import POLLS_AFTER_END
from orders.tracking.settle import settle_batch
from providers.adapters.base import OrderStatus, ReportedStatus
from tests.fixtures_orders import Store

C, E, X, P, A = (
    ReportedStatus.COMPLETED,
    ReportedStatus.EXPIRED,
    ReportedStatus.CANCELED,
    ReportedStatus.PARTIAL,
    ReportedStatus.IN_PROGRESS,
)


@pytest.fixture
def order(store: Store) -> Order:
    """Seven posts of at most 100: 700 units held, for 0.945."""
    order = store.active(quantity="700")
    fields = {"username": "natgeo", "min": "50", "max": "100", "posts": "7", "delay": "0"}
    Order.objects.filter(pk=order.pk).update(type="Subscriptions", fields=fields, link="")
    return store.fresh(order)


def say(
    store: Store, order: Order, word: ReportedStatus, posts: int | None, *, seconds: int = 0, **given: Any
) -> Order:
    values: dict[str, Any] = {"charge": None, "start_count": None, "remains": None, "currency": "USD", **given}
    answer = OrderStatus(order.provider_order_id or "", word=word, raw=word.value, posts=posts, **values)
    moment = timezone.now() + timedelta(seconds=seconds)
    settle_batch(answers={order.pk: answer}, asked_at=moment, now=moment)
    return store.fresh(order)


@pytest.mark.parametrize(
    ("word", "posts", "state", "refunded", "attention"),
    [
        (C, 7, "COMPLETED", "0", ""),
        (C, 3, "PARTIAL", "0.54", ""),
        (C, 0, "CANCELED", "0.945", ""),
        (E, 7, "COMPLETED", "0", ""),
        (E, 1, "PARTIAL", "0.81", ""),
        (E, 0, "CANCELED", "0.945", ""),
        (X, 6, "PARTIAL", "0.135", ""),
        (X, 0, "CANCELED", "0.945", ""),
        (X, 7, "COMPLETED", "0", ""),
        (P, 2, "PARTIAL", "0.675", ""),
        (C, 8, "ACTIVE", "0", "odd remains"),
        (X, -1, "ACTIVE", "0", "odd remains"),
        (A, 3, "ACTIVE", "0", ""),
        (A, None, "ACTIVE", "0", ""),
        (ReportedStatus.PAUSED, 3, "ACTIVE", "0", ""),
        (ReportedStatus.FAILED, 3, "ACTIVE", "0", "unknown status"),
        (ReportedStatus.UNKNOWN, 3, "ACTIVE", "0", "unknown status"),
    ],
)
def test_how_it_ends(
    store: Store, order: Order, word: ReportedStatus, posts: int, state: str, refunded: str, attention: str
) -> None:
    for seconds in range(2):
        order = say(store, order, word, posts, seconds=seconds)
    assert (order.state, order.refunded, order.attention) == (state, Decimal(refunded), attention)
    assert store.wallet() == Decimal(100) - Decimal("0.945") + Decimal(refunded)
    assert audit_all() == []


@pytest.mark.parametrize(("word", "posts", "cost"), [(C, 3, "0.63"), (E, 7, "0.63"), (X, 3, "0.63"), (P, 3, "0.63"),
                                                     (X, None, "0.63"), (X, 0, "0"), (C, 0, "0")])  # fmt: skip
def test_only_one_that_served_no_post_is_free(
    store: Store, order: Order, word: ReportedStatus, posts: int | None, cost: str
) -> None:
    order = say(store, order, word, posts, charge=Decimal(0))
    assert (order.cost, store.house(store.provider.account)) == (Decimal(cost), 1000 - Decimal(cost))
    order = say(store, order, word, posts, seconds=1, charge=Decimal("0.27"))
    assert order.cost == Decimal("0.27")
    assert audit_all() == []


def test_an_end_that_says_no_charge_is_looked_at_as_rarely_as_any(store: Store, order: Order) -> None:
    looks = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while len(looks) < 20:
            order = say(store, order, P, 3, charge=Decimal(0))
            if order.next_poll_at is None:
                break
            looks.append(order.next_poll_at)
            clock.move_to(order.next_poll_at)
    assert [look - looks[0] for look in looks] == [after - POLLS_AFTER_END[0] for after in POLLS_AFTER_END]
    assert order.cost == Decimal("0.63")


def test_its_posts_are_its_progress(store: Store, order: Order) -> None:
    order = say(store, order, A, 3, remains=12345)
    assert (order.remains, order.delivered, order.word) == (400, 300, "In progress")


def test_an_end_without_its_posts_waits_and_then_asks_a_person(store: Store, order: Order) -> None:
    for number in range(3):
        assert order.attention == ""
        order = say(store, order, C, None, seconds=number)
    assert (order.state, order.attention, order.refunded) == ("ACTIVE", "partial without remains", 0)
    order = say(store, order, C, 7, seconds=9)
    assert (order.state, order.refunded) == ("COMPLETED", 0)


def test_what_comes_back_later_only_grows(store: Store, order: Order) -> None:
    order = say(store, order, C, 7)
    order = say(store, order, X, 5, seconds=1)
    assert (order.state, order.refunded) == ("PARTIAL", Decimal("0.27"))
    order = say(store, order, X, 6, seconds=2)
    assert order.refunded == Decimal("0.27")
    order = say(store, order, X, 0, seconds=3, charge=Decimal(0))
    assert (order.state, order.refunded, order.cost) == ("CANCELED", Decimal("0.945"), 0)
    assert audit_all() == []
