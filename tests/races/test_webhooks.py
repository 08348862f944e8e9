"""Rivals at a webhook in the same moment: each message is sent by one, and whoever changes the webhook wins."""

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from orders.webhooks.choices import CannotSendError, remove_webhook, send_test, set_webhook
from orders.webhooks.deliver import deliver_due
from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.outbox import Update, queue_updates
from orders.webhooks.pause import pause_webhook
from panel.lib.outbound.retries import RETRIES
from tests.fixtures_orders import Store
from tests.races.test_orders import at_once
from tests.scripted import answer, closed_port, scripted

pytestmark = pytest.mark.django_db(transaction=True)
GONE = f"http://127.0.0.1:{closed_port()}/"


def telling(store: Store) -> int:
    """A change of an order, as far as webhooks see it."""
    with transaction.atomic():
        return queue_updates([Update(store.customer.pk, "order.changed", timezone.now(), {"order": 1})] * 3)


def raised(results: list[Any]) -> list[Any]:
    return [result for result in results if isinstance(result, Exception)]


def test_each_message_is_sent_once(store: Store) -> None:
    with scripted(answer(b"ok")) as program:
        set_webhook(customer=store.customer, url=program.url, actor="test")
        hook = Webhook.objects.get()
        Delivery.objects.bulk_create([Delivery(webhook=hook, event="test", payload={"n": n}) for n in range(5)])
        runs = at_once(*[deliver_due] * 3)

        assert sum(run.delivered for run in runs) == len(program.requests) == 5
    assert set(Delivery.objects.values_list("is_delivered", "tries", "next_at")) == {(True, 1, None)}


def test_a_new_address_wins_over_the_last_failing_try(store: Store) -> None:
    with scripted(answer(b"ok")) as program:
        for _ in range(4):
            Webhook.objects.all().delete()
            set_webhook(customer=store.customer, url=GONE, actor="test")
            hook = Webhook.objects.get()
            Delivery.objects.create(webhook=hook, event="order.changed", payload={}, tries=len(RETRIES))
            results = at_once(deliver_due, lambda: set_webhook(customer=store.customer, url=program.url, actor="test"))
            assert raised(results) == []
            hook.refresh_from_db()
            assert (hook.url, hook.is_active, hook.pause_reason) == (program.url, True, "")


def test_a_removal_and_a_change_of_an_order_do_not_break_one_another(store: Store) -> None:
    for _ in range(4):
        set_webhook(customer=store.customer, url=GONE, actor="test")
        hook = Webhook.objects.get()
        results = at_once(
            *[lambda: telling(store)] * 3,
            lambda hook=hook: remove_webhook(webhook=hook, actor="test"),
        )
        assert raised(results) == []
        assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)


def test_no_message_waits_at_a_webhook_that_was_paused_in_that_moment(store: Store) -> None:
    def pause() -> None:
        with transaction.atomic():
            pause_webhook(webhook_id=hook.pk, reason="Why.")

    set_webhook(customer=store.customer, url=GONE, actor="test")
    hook = Webhook.objects.get()
    assert raised(at_once(*[lambda: telling(store)] * 4, pause)) == []
    assert Delivery.objects.filter(next_at__isnull=False).count() == 0
    assert Webhook.objects.get().is_active is False


def test_of_many_tests_one_waits(store: Store) -> None:
    set_webhook(customer=store.customer, url=GONE, actor="test")
    hook = Webhook.objects.get()
    results = at_once(*[lambda: send_test(webhook=hook)] * 6)
    assert sum(isinstance(result, CannotSendError) for result in results) == 5
    assert Delivery.objects.count() == 1
