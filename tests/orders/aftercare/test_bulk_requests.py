"""Refills and cancels of many orders at once: what is done, reason the rest is not, and whose orders they are."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.bulk_requests import request_cancels, request_refills
from orders.models import Cancellation, Order, Refill
from orders.rules.states import State
from panel.customers.models import User
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import ORDER_SECONDS, PLAIN_SERVICE
from tests.orders.filled import fill_orders

ADA = "ada@example.com"


def test_each_refill_is_done_or_has_its_reason(store: Store) -> None:
    done = store.active()
    plain = store.active(PLAIN_SERVICE, link=f"{LINK}/2")
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    running = store.active(link=f"{LINK}/3")
    before = store.money()

    ids = [done.pk, plain.pk, running.pk, done.pk, 10**9]
    assert request_refills(customer=store.customer, order_ids=ids, actor=ADA) == {
        done.pk: "",
        plain.pk: "Refills are not available for this service.",
        running.pk: "You can request a refill once the order is completed.",
    }
    assert request_refills(customer=store.customer, order_ids=[done.pk], actor=ADA) == {
        done.pk: "A refill is already in progress."
    }
    assert Refill.objects.get().order_id == done.pk
    assert store.money() == before


def test_each_cancel_is_done_or_has_its_reason(store: Store) -> None:
    plain = store.active(PLAIN_SERVICE)
    sent = store.active(link=f"{LINK}/2")
    waiting = [store.place(link=f"{LINK}/{number}") for number in (3, 4)]
    wallet = store.wallet()

    ids = [plain.pk, sent.pk, *(order.pk for order in waiting)]
    assert request_cancels(customer=store.customer, order_ids=ids, actor=ADA) == {
        plain.pk: "This order has already started, and this service cannot be canceled after that.",
        sent.pk: "",
        waiting[0].pk: "",
        waiting[1].pk: "",
    }
    assert [store.fresh(order).state for order in (plain, sent, *waiting)] == ["ACTIVE"] * 2 + ["CANCELED"] * 2
    assert Cancellation.objects.get().order_id == sent.pk
    assert store.wallet() == wallet + sum(order.charge for order in waiting)
    assert audit_all() == []


def test_orders_of_others_are_left_out(store: Store) -> None:
    queued, sent = store.place(), store.active(link=f"{LINK}/2")
    bo = User.objects.create_user("bo@example.com", "correct horse battery")
    before = store.everything()
    assert request_cancels(customer=bo, order_ids=[queued.pk, sent.pk], actor="bo@example.com") == {}
    assert request_refills(customer=bo, order_ids=[queued.pk, sent.pk], actor="bo@example.com") == {}
    assert (store.everything(), Refill.objects.count(), Cancellation.objects.count()) == (before, 0, 0)


def test_nothing_asked_for_is_nothing_done(store: Store) -> None:
    assert request_cancels(customer=store.customer, order_ids=[], actor=ADA) == {}
    assert request_refills(customer=store.customer, order_ids=[], actor=ADA) == {}


def test_a_hundred_take_as_many_statements_as_two(store: Store) -> None:
    for ask, state in ((request_refills, State.COMPLETED), (request_cancels, State.ACTIVE)):
        counts = []
        for count in (2, 100):
            ids = [order.pk for order in fill_orders(store, count, state=state)]
            with CaptureQueriesContext(connection) as queries:
                said = ask(customer=store.customer, order_ids=ids, actor=ADA)
            assert set(said.values()) == {""}
            counts.append(len(queries))
        assert counts[1] - counts[0] <= 1  # SQLite takes a thousand values a statement


def test_more_than_a_hundred_are_all_answered(store: Store) -> None:
    ids = [order.pk for order in fill_orders(store, 250)]
    said = request_cancels(customer=store.customer, order_ids=ids, actor=ADA)
    assert said == dict.fromkeys(ids, "")
    assert Cancellation.objects.filter(created_at__lte=timezone.now()).count() == Order.objects.count() == 250
