"""Asking for a cancel: at once where nothing was sent, else a wish that is noted and moves nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.cancel_closing import close_cancels
from orders.aftercare.cancels import CannotCancelError, request_cancel
from orders.models import Cancellation, Order
from orders.submission.sweep import sweep_orders
from orders.unconfirmed.decisions import requeue_order
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS, PLAIN_SERVICE

ADA = "ada@example.com"


def refused(store: Store, order: Order) -> str:
    """What the customer is told; nothing is written."""
    before, count = store.everything(), Cancellation.objects.count()
    with pytest.raises(CannotCancelError) as caught:
        request_cancel(order_id=order.pk, actor=ADA)
    assert (store.everything(), Cancellation.objects.count()) == (before, count)
    return str(caught.value)


def lose_the_answer(store: Store, fault: str = "reset_before_create") -> Order:
    store.simulator.next("add", fault)
    order = store.submit(store.place())
    assert order.state == "UNCONFIRMED"
    return order


def test_a_queued_order_is_canceled_with_its_money_back(store: Store) -> None:
    order = store.place(PLAIN_SERVICE)
    request_cancel(order_id=order.pk, actor=ADA)
    order = store.submit(order)

    assert (order.state, order.refunded, order.attempts.count()) == ("CANCELED", order.charge, 0)
    assert order.events.get(what="canceled").actor == ADA
    assert Cancellation.objects.count() == 0
    assert store.wallet() == 100
    assert store.simulator.orders() == []
    assert audit_all() == []


def test_for_a_sent_order_the_wish_is_noted_and_nothing_moves(store: Store) -> None:
    order = store.active()
    before = store.everything()
    request_cancel(order_id=order.pk, actor=ADA)

    wish = Cancellation.objects.get()
    event = order.events.latest("pk")
    assert (wish.order_id, wish.state, wish.tries, wish.ended_at) == (order.pk, "wanted", 0, None)
    assert (event.what, event.actor, event.amount) == ("cancel asked", ADA, None)
    assert store.everything() == before
    assert store.simulator.requests("cancel") == []


def test_one_wish_at_a_time(store: Store) -> None:
    order = store.active()
    request_cancel(order_id=order.pk, actor=ADA)
    assert refused(store, order) == "A cancellation was already requested."


def test_what_cannot_be_canceled(store: Store) -> None:
    words = "This order has already started, and this service cannot be canceled after that."
    assert refused(store, store.active(PLAIN_SERVICE)) == words
    ended = store.active()
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    assert refused(store, ended) == "This order has already ended."


def test_a_refused_wish_may_be_repeated_after_an_hour(store: Store) -> None:
    order = store.active()
    Cancellation.objects.create(order=order, state="refused", ended_at=timezone.now(), next_at=None)
    assert refused(store, order).startswith("The cancellation was rejected recently. Try again from ")
    Cancellation.objects.update(ended_at=timezone.now() - timedelta(hours=1))
    request_cancel(order_id=order.pk, actor=ADA)
    assert Cancellation.objects.filter(state="wanted").count() == 1


def test_a_wish_in_doubt_ends_the_order_once_it_is_known_not_to_be_placed(store: Store) -> None:
    order = lose_the_answer(store)
    request_cancel(order_id=order.pk, actor=ADA)
    held = store.money()
    assert (sweep_orders(now=timezone.now()).canceled, store.money()) == (0, held)

    store.let_lease_end(order)
    requeue_order(order_id=order.pk, actor="staff@example.com", reason="Asked there")
    swept = sweep_orders(now=timezone.now())
    order = store.fresh(order)
    assert (swept.canceled, swept.submitted) == (1, 0)
    assert (order.state, order.refunded, store.wallet()) == ("CANCELED", order.charge, 100)
    assert order.events.get(what="canceled").actor == ADA
    assert close_cancels(now=timezone.now()) == 1
    assert Cancellation.objects.get().state == "done"
    assert store.simulator.orders() == []
    assert audit_all() == []


def test_an_order_that_waits_again_is_canceled_at_once_by_its_button_too(store: Store) -> None:
    order = lose_the_answer(store)
    request_cancel(order_id=order.pk, actor=ADA)
    store.let_lease_end(order)
    requeue_order(order_id=order.pk, actor="staff@example.com", reason="Asked there")
    request_cancel(order_id=order.pk, actor=ADA)
    assert store.fresh(order).state == "CANCELED"
    close_cancels(now=timezone.now())
    assert Cancellation.objects.get().state == "done"
