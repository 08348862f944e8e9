"""Refills and cancels asked for and passed on by rivals at the same moment."""

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.cancel_closing import cancel_unsent, close_cancels
from orders.aftercare.cancel_jobs import poll_cancels
from orders.aftercare.cancels import CannotCancelError, ask_for_cancels, request_cancel
from orders.aftercare.refill_jobs import poll_refills
from orders.aftercare.refills import CannotRefillError, ask_for_refills, request_refill
from orders.models import Cancellation, Order, Refill
from orders.rules.states import State
from orders.submission.submit import submit_order
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import PLAIN_SERVICE
from tests.orders.filled import fill_orders
from tests.races.test_orders import RIVALS, at_once

pytestmark = pytest.mark.django_db(transaction=True)
ADA = "ada@example.com"


def test_one_refill_of_many_askers(store: Store) -> None:
    (order,) = fill_orders(store, 1, state=State.COMPLETED)
    results = at_once(*[lambda: request_refill(order=order, actor=ADA)] * RIVALS)

    assert sum(isinstance(result, CannotRefillError) for result in results) == RIVALS - 1
    assert Refill.objects.count() == 1


def test_one_wish_to_cancel_of_many_askers(store: Store) -> None:
    (order,) = fill_orders(store, 1)
    results = at_once(*[lambda: request_cancel(order_id=order.pk, actor=ADA)] * RIVALS)

    assert sum(isinstance(result, CannotCancelError) for result in results) == RIVALS - 1
    assert Cancellation.objects.count() == 1


def test_money_comes_back_once_to_many_askers(store: Store) -> None:
    order = store.place(PLAIN_SERVICE)
    results = at_once(*[lambda: request_cancel(order_id=order.pk, actor=ADA)] * RIVALS)

    assert results.count(None) == 1
    assert sum(isinstance(result, CannotCancelError) for result in results) == RIVALS - 1
    assert store.wallet() == 100
    assert audit_all() == []


@pytest.mark.parametrize("attempt", range(5))
def test_canceling_and_sending(store: Store, attempt: int) -> None:
    """Either it is canceled with its money back, or it is bought and the wish is kept for the provider."""
    order = store.place()
    canceled, sent = at_once(
        lambda: request_cancel(order_id=order.pk, actor=ADA), lambda: submit_order(order_id=order.pk)
    )
    order = store.fresh(order)

    assert canceled is None
    if order.state == "CANCELED":
        assert (sent, store.simulator.created(LINK), store.wallet()) == (False, [], 100)
        assert Cancellation.objects.count() == 0
    else:
        assert (order.state, sent, len(store.simulator.created(LINK))) == ("ACTIVE", True, 1)
        assert Cancellation.objects.get().state == "wanted"
    assert audit_all() == []


@pytest.mark.parametrize("attempt", range(3))
def test_a_wish_that_is_kept_and_an_order_that_is_sent_again(store: Store, attempt: int) -> None:
    order = store.place()
    Cancellation.objects.create(order=order)
    canceled, sent = at_once(lambda: cancel_unsent(now=timezone.now()), lambda: submit_order(order_id=order.pk))

    assert (store.fresh(order).state, sent) == (State.CANCELED, False)
    assert canceled in {0, 1}  # whoever comes first ends it
    assert (store.wallet(), store.simulator.orders()) == (100, [])
    assert audit_all() == []


def test_jobs_side_by_side_pass_each_on_once(store: Store) -> None:
    ended, running = fill_orders(store, 150, state=State.COMPLETED), fill_orders(store, 150)
    now = timezone.now()
    ask_for_refills(order_ids=[order.pk for order in ended], actor=ADA, now=now)
    ask_for_cancels(order_ids=[order.pk for order in running], actor=ADA, now=now)
    results = at_once(*[lambda: poll_refills(now=now), lambda: poll_cancels(now=now)] * 3)

    assert [result for result in results if isinstance(result, Exception)] == []
    assert sum(store.simulator.requests("refill")) == sum(store.simulator.requests("cancel")) == 150
    assert Refill.objects.filter(state="pending").count() == Cancellation.objects.filter(state="asked").count() == 150


def test_an_order_that_ends_while_its_cancel_is_passed_on(store: Store) -> None:
    (order,) = fill_orders(store, 1)
    request_cancel(order_id=order.pk, actor=ADA)

    def end() -> int:
        Order.objects.filter(pk=order.pk).update(state="COMPLETED")
        return close_cancels(now=timezone.now())

    closed, run = at_once(end, lambda: poll_cancels(now=timezone.now()))  # either may be the one that closes it
    closed += run.closed + close_cancels(now=timezone.now())
    assert (closed, Cancellation.objects.get().state) == (1, "too late")
