"""Two runs that deliver at the same moment: each message is sent by one of them."""

import pytest

from orders.webhooks.choices import set_webhook
from orders.webhooks.deliver import deliver_due
from orders.webhooks.models import Delivery, Webhook
from tests.fixtures_orders import Store
from tests.races.test_orders import at_once
from tests.scripted import answer, scripted

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_message_is_sent_once(store: Store) -> None:
    with scripted(answer(b"ok")) as program:
        set_webhook(customer=store.customer, url=program.url, actor="test")
        hook = Webhook.objects.get()
        Delivery.objects.bulk_create([Delivery(webhook=hook, event="test", payload={"n": n}) for n in range(5)])
        runs = at_once(*[deliver_due] * 3)

        assert sum(run.delivered for run in runs) == len(program.requests) == 5
    assert set(Delivery.objects.values_list("is_delivered", "tries", "next_at")) == {(True, 1, None)}
