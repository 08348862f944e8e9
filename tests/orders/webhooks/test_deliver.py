"""What changed is told: signed, in order, again after a failure, never to where it may not go."""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders import tasks
from orders.aftercare.cancels import request_cancel
from orders.aftercare.refill_jobs import poll_refills
from orders.aftercare.refills import request_refill
from orders.api.openapi_webhooks import MESSAGE
from orders.core.change import lock_orders, write
from orders.rules.states import State
from orders.tracking.settle import Houses, end_with_refund
from orders.webhooks import deliver
from orders.webhooks.choices import send_again, send_test, set_webhook
from orders.webhooks.deliver import deliver_due, forget_old
from orders.webhooks.models import Delivery, Webhook
from panel.lib.outbound.retries import RETRIES
from panel.lib.secret import Secret
from panel.ops.models import JobRun
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS
from tests.orders.webhooks.conftest import Listen, queue
from tests.scripted import ScriptedServer, answer, close, closed_port, hang, reset

Hook = tuple[ScriptedServer, Secret]

NOT_REACHED = "Your endpoint couldn't be reached. The URL must be public and use https on port 443 or 8443."


def heard(program: ScriptedServer) -> list[dict[str, Any]]:
    return [json.loads(body) for body in program.requests]


def headers(head: bytes) -> dict[str, str]:
    lines = head.decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def test_a_whole_order_is_told_step_by_step(store: Store, hook: Hook) -> None:
    program, _ = hook
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=250)
    store.poll()
    assert deliver_due().delivered == Delivery.objects.count()
    told = heard(program)
    assert told[-1] == {
        "event": "order.changed",
        "at": told[-1]["at"],
        "order": order.pk,
        "charge": "1.0125",
        "start_count": told[-1]["start_count"],
        "status": "Partial",
        "remains": "250",
        "currency": "USD",
        "sequence": Delivery.objects.latest("pk").pk,
    }
    assert time.strptime(told[-1]["at"], "%Y-%m-%dT%H:%M:%SZ")
    assert told[-1].keys() == MESSAGE.keys()  # as OpenAPI shows it
    assert deliver_due().delivered == 0


def test_what_nobody_sees_is_not_told(store: Store, hook: Hook) -> None:
    order = store.active()  # pending to the customer before and after
    assert Delivery.objects.count() == 0
    store.poll()
    store.poll()
    words = list(Delivery.objects.order_by("pk").values_list("payload__status", flat=True))
    assert words == list(dict.fromkeys(words))
    assert store.fresh(order).word in {"Pending", *words}


def test_a_cancel_tells_of_the_money(store: Store, hook: Hook) -> None:
    request_cancel(order_id=store.place().pk, actor="ada@example.com")
    payload = Delivery.objects.get().payload
    assert (payload["status"], payload["charge"]) == ("Canceled", "0")


def test_a_change_that_is_undone_is_not_told(store: Store, hook: Hook) -> None:
    order = store.place()
    with transaction.atomic():
        change = lock_orders(order_ids=[order.pk])[order.pk]
        end_with_refund(change, State.CANCELED, houses=Houses(), what="canceled")
        write([change])
        assert Delivery.objects.count() == 1
        transaction.set_rollback(True)
    assert Delivery.objects.count() == 0


def test_a_refill_is_told(store: Store, hook: Hook) -> None:
    order = store.active()
    store.simulator.advance(ORDER_SECONDS + 1)
    store.poll()
    refill = request_refill(order=store.fresh(order), actor="ada@example.com")
    Delivery.objects.all().delete()
    poll_refills(now=timezone.now())
    store.simulator.advance(ORDER_SECONDS * 2)
    poll_refills(now=timezone.now(), everything=True)
    payloads = list(Delivery.objects.order_by("pk").values_list("payload", flat=True))
    assert [{**payload, "at": ""} for payload in payloads] == [
        {"event": "refill.changed", "at": "", "refill": refill.pk, "order": order.pk, "status": "Completed"}
    ]


def test_it_is_signed_as_the_page_says(store: Store, hook: Hook, webhook: Webhook) -> None:
    program, secret = hook
    delivery = send_test(webhook=webhook)
    deliver_due()
    found, body = headers(program.heads[0]), program.requests[0]
    signed = f"msg_{delivery.pk}.{found['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.reveal().removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert found["webhook-signature"] == f"v1,{expected}"
    assert found["content-type"] == "application/json"
    assert abs(int(found["webhook-timestamp"]) - time.time()) < 60
    assert secret.reveal() not in Webhook.objects.get().sealed_secret


@pytest.mark.parametrize(
    ("act", "status", "why"),
    [
        (answer(b"no", status=500), 500, "HTTP status 500"),
        (answer(b"", status=301, headers="Location: http://127.0.0.1/\r\n"), 301, "HTTP status 301"),
        (answer(b"x" * 100_000), 200, "too long"),
        (close, None, "without a complete answer"),
        (reset, None, "without a complete answer"),
    ],
)
def test_a_failure_is_noted_and_tried_again_later(
    store: Store, listen: Listen, act: Any, status: int | None, why: str
) -> None:
    program = listen(act, answer(b"ok"))
    set_webhook(customer=store.customer, url=program.url, actor="test")
    delivery = send_test(webhook=Webhook.objects.get())
    assert (deliver_due().failed, deliver_due().failed) == (1, 0)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.tries, delivery.is_delivered) == (status, 1, False)
    assert why in delivery.reason
    assert delivery.next_at is not None
    with time_machine.travel(delivery.next_at + timedelta(seconds=1)):
        assert deliver_due().delivered == 1
    delivery.refresh_from_db()
    assert (delivery.tries, delivery.is_delivered, delivery.reason, delivery.next_at) == (2, True, "", None)
    assert len({headers(head)["webhook-id"] for head in program.heads}) == 1


def test_who_never_answers_costs_ten_seconds_at_most(
    store: Store, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "DEADLINE_SECONDS", 0.2)
    program = listen(hang)
    set_webhook(customer=store.customer, url=program.url, actor="test")
    queue(Webhook.objects.get(), 3)
    assert deliver_due().failed == 1
    assert len(program.requests) == 1  # the others wait behind it
    assert deliver_due().failed == 0
    assert len(program.requests) == 1  # and new ones too, until it has rested
    send_test(webhook=Webhook.objects.get())
    assert deliver_due().failed == 1


def test_after_the_last_try_it_is_paused_and_the_customer_starts_it_again(store: Store) -> None:
    url = f"http://127.0.0.1:{closed_port()}/"
    set_webhook(customer=store.customer, url=url, actor="test")
    webhook = Webhook.objects.get()
    first, second = queue(webhook, 2)
    Delivery.objects.filter(pk=first.pk).update(tries=len(RETRIES))
    deliver_due()
    webhook.refresh_from_db()
    assert webhook.is_active is False
    assert (
        webhook.pause_reason
        == f"The webhook is paused. The last attempt failed: {NOT_REACHED} Enable it again once the problem is fixed."
    )
    assert list(Delivery.objects.values_list("next_at", flat=True)) == [None, None]
    second.refresh_from_db()
    assert second.status_label == "Failed"
    request_cancel(order_id=store.place().pk, actor="ada@example.com")
    assert Delivery.objects.count() == 2
    set_webhook(customer=store.customer, url=url, actor="test")
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.pause_reason) == (True, "")


def test_one_that_fails_holds_up_no_other(store: Store, hook: Hook, listen: Listen) -> None:
    program, _ = hook
    bad = listen(answer(b"", status=503))
    stranger = type(store.customer).objects.create_user("eve@example.com")
    set_webhook(customer=stranger, url=bad.url, actor="test")
    for webhook in Webhook.objects.all():
        queue(webhook, 25)
    done = deliver_due()
    assert (done.delivered, done.failed) == (25, 1)
    assert [json.loads(body)["n"] for body in program.requests] == list(range(25))


def test_a_message_can_be_sent_again_with_its_number(webhook: Webhook, hook: Hook) -> None:
    program, _ = hook
    delivery = send_test(webhook=webhook)
    assert send_again(delivery=delivery) is False
    deliver_due()
    assert send_again(delivery=delivery) is True
    deliver_due()
    assert [headers(head)["webhook-id"] for head in program.heads] == [f"msg_{delivery.pk}"] * 2


def test_a_secret_that_does_not_open_sends_nothing(webhook: Webhook, hook: Hook) -> None:
    program, _ = hook
    Webhook.objects.update(sealed_secret="v1.0.0")
    delivery = send_test(webhook=webhook)
    deliver_due()
    delivery.refresh_from_db()
    assert "Rotate the secret" in delivery.reason
    assert program.connections == 0


def test_old_messages_are_forgotten(webhook: Webhook) -> None:
    old, waiting, fresh = queue(webhook, 3)
    Delivery.objects.filter(pk__in=[old.pk, fresh.pk]).update(next_at=None)
    Delivery.objects.filter(pk__in=[old.pk, waiting.pk]).update(created_at=timezone.now() - timedelta(days=31))
    assert forget_old(now=timezone.now()) == 1
    assert set(Delivery.objects.values_list("pk", flat=True)) == {waiting.pk, fresh.pk}


def test_a_batch_without_webhooks_costs_one_query_where_something_changed(store: Store) -> None:
    for number in range(3):
        store.active(link=f"https://www.instagram.com/p{number}")
    store.poll()
    with CaptureQueriesContext(
        connection,
    ) as first:
        store.poll()
    asked = [query["sql"] for query in first.captured_queries if "webhooks_" in query["sql"]]
    assert asked == []
    store.simulator.advance(ORDER_SECONDS + 1)
    with CaptureQueriesContext(connection) as second:
        store.poll()
    asked = [query["sql"] for query in second.captured_queries if "webhooks_" in query["sql"]]
    assert len(asked) == 1
    assert store.money()["held"] == Decimal(0)


def test_the_jobs_deliver_and_forget(webhook: Webhook, hook: Hook) -> None:
    send_test(webhook=webhook)
    tasks.deliver_webhooks()  # for those that are known to be quick: this one is new
    assert heard(hook[0]) == []
    tasks.deliver_slow_webhooks()
    assert heard(hook[0])[0]["event"] == "test"
    queue(webhook)
    tasks.deliver_slow_webhooks()
    assert len(heard(hook[0])) == 1
    tasks.deliver_webhooks()
    assert len(heard(hook[0])) == 2
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    tasks.forget_deliveries()
    runs = JobRun.objects.filter(ok=True).order_by("name").values_list("name", "summary")
    assert list(runs) == [
        ("deliver_slow_webhooks", {"delivered": 0, "failed": 0}),
        ("deliver_webhooks", {"delivered": 1, "failed": 0}),
        ("forget_deliveries", {"deleted": 2}),
    ]
