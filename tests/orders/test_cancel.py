"""Cancelling before anything was sent."""

import pytest

from orders.books import recount
from orders.cancel import CannotCancelError, cancel_queued
from tests.fixtures_orders import Store


def test_a_queued_order_is_canceled_with_its_money_back(store: Store) -> None:
    order = store.place()
    cancel_queued(order_id=order.pk, actor="ada@example.com")
    order = store.submit(order)

    assert (order.state, order.refunded, order.attempts.count()) == ("CANCELED", order.charge, 0)
    assert store.wallet() == 100
    assert store.simulator.orders() == []
    assert recount() == []


def test_what_was_sent_is_not_canceled_here(store: Store) -> None:
    order = store.active()
    before = store.everything()

    with pytest.raises(CannotCancelError):
        cancel_queued(order_id=order.pk, actor="ada@example.com")

    assert store.everything() == before
