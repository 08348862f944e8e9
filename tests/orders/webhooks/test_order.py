"""The messages of a webhook never overtake one another, and a change of the webhook wins over what is under way."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from orders.webhooks import outbox
from orders.webhooks.choices import CannotSendError, remove_webhook, renew_secret, send_again, send_test, set_webhook
from orders.webhooks.deliver import deliver_due, slow_lane
from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.pause import pause_webhook
from orders.webhooks.send import SendResult
from orders.webhooks.turn import LEASE, PROBATION, DeliveryResult, WebhookTurn, claim_turn
from panel.lib.outbound.retries import RETRIES
from panel.lib.secret import Secret
from tests.fixtures_orders import Store
from tests.orders.webhooks.conftest import queue
from tests.scripted import ScriptedServer, answer

Hook = tuple[ScriptedServer, Secret]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def claimed() -> WebhookTurn:
    """A turn in the slow lane, as a worker claims it."""
    turn = claim_turn(lane=slow_lane(), served=set(), result=DeliveryResult())
    assert turn is not None
    return turn


def nobody() -> bool:
    return claim_turn(lane=slow_lane(), served=set(), result=DeliveryResult()) is None


def numbers(program: ScriptedServer) -> list[int]:
    return [json.loads(body)["sequence"] for body in program.requests]


def rows() -> list[dict[str, Any]]:
    return [*Webhook.objects.order_by("pk").values(), *Delivery.objects.order_by("pk").values()]


# --- Order ------------------------------------------------------------------------------------------------------------
def test_nothing_overtakes_a_message_that_failed(hook: Hook, webhook: Webhook, clock: time_machine.Traveller) -> None:
    program, _ = hook
    (old,) = queue(webhook)
    deliver_due()
    program.acts = [answer(b"", status=500), answer(b"ok")]
    program.requests.clear()
    first, second = queue(webhook, 2)
    assert deliver_due() == DeliveryResult(failed=1)
    test = send_test(webhook=webhook)
    assert send_again(delivery=old)
    set_webhook(customer=webhook.customer, url=program.url, actor="test")
    assert deliver_due() == DeliveryResult(delivered=4)
    assert numbers(program) == [first.pk, old.pk, first.pk, second.pk, test.pk]


def test_younger_ones_wait_until_the_webhook_has_rested(
    hook: Hook, webhook: Webhook, clock: time_machine.Traveller
) -> None:
    program, _ = hook
    program.acts = [answer(b"", status=500), answer(b"ok")]
    (first,) = queue(webhook)
    assert deliver_due() == DeliveryResult(failed=1)
    (second,) = queue(webhook)
    clock.shift(RETRIES[0] - timedelta(seconds=1))
    assert deliver_due() == DeliveryResult()
    clock.shift(1)
    assert deliver_due() == DeliveryResult(delivered=2)
    assert numbers(program) == [first.pk, first.pk, second.pk]


def test_a_worker_that_died_turns_nothing_around(hook: Hook, webhook: Webhook, clock: time_machine.Traveller) -> None:
    program, _ = hook
    (old,) = queue(webhook)
    claimed().take()
    (new,) = queue(webhook)
    clock.shift(LEASE - timedelta(seconds=1))
    assert deliver_due() == DeliveryResult()
    clock.shift(1)
    assert deliver_due() == DeliveryResult(delivered=2)
    assert numbers(program) == [old.pk, new.pk]


def test_a_claim_or_a_rest_of_a_clock_that_was_ahead_holds_up_nobody(webhook: Webhook) -> None:
    queue(webhook)
    far = timezone.now() + timedelta(days=30)
    Webhook.objects.update(claim="x", claimed_until=far, retry_at=far)
    assert deliver_due() == DeliveryResult(delivered=1)


def test_a_claim_by_a_host_whose_clock_is_a_little_ahead_holds(webhook: Webhook) -> None:
    queue(webhook)
    Webhook.objects.update(claim="x", claimed_until=timezone.now() + LEASE + timedelta(minutes=4))
    assert nobody()
    assert deliver_due() == DeliveryResult()


def test_the_sequence_rises_and_stays_with_its_message(hook: Hook, webhook: Webhook) -> None:
    program, _ = hook
    made = queue(webhook, 3)
    deliver_due()
    assert send_again(delivery=made[0])
    deliver_due()
    assert numbers(program) == [made[0].pk, made[1].pk, made[2].pk, made[0].pk]
    assert made[0].pk < made[1].pk < made[2].pk
    assert json.loads(program.requests[0]) == {"order": 7, "n": 0, "sequence": made[0].pk}


# --- Changes under a delivery -----------------------------------------------------------------------------------------
def test_the_last_failing_try_at_the_old_address_leaves_the_new_one_alone(
    store: Store, hook: Hook, webhook: Webhook
) -> None:
    first, _ = queue(webhook, 2)
    Delivery.objects.filter(pk=first.pk).update(tries=len(RETRIES))
    turn = claimed()
    turn.take()
    set_webhook(customer=store.customer, url="https://example.com/new", actor="test")
    before = rows()
    turn.record(SendResult(None, "No."))
    assert turn.take() is None
    assert rows() == before
    assert turn.result == DeliveryResult()
    set_webhook(customer=store.customer, url=hook[0].url, actor="test")
    assert deliver_due() == DeliveryResult(delivered=2)


def test_a_new_secret_ends_the_turn_that_signs_with_the_old_one(hook: Hook, webhook: Webhook) -> None:
    queue(webhook, 2)
    turn = claimed()
    turn.take()
    renew_secret(webhook=webhook, actor="test")
    before = rows()
    turn.record(SendResult(200, ""))
    assert turn.take() is None
    assert rows() == before
    assert claimed().secret == Webhook.objects.get().open_secret()


def test_a_removal_ends_the_turn(hook: Hook, webhook: Webhook) -> None:
    queue(webhook, 2)
    turn = claimed()
    turn.take()
    remove_webhook(webhook=webhook, actor="test")
    turn.record(SendResult(None, "No."))
    assert turn.take() is None
    assert rows() == []


def test_a_pause_ends_the_turn_and_nothing_is_sent_while_it_lasts(hook: Hook, webhook: Webhook) -> None:
    queue(webhook, 2)
    turn = claimed()
    turn.take()
    pause_webhook(webhook_id=webhook.pk, reason="Why.")
    queue(webhook)  # written by somebody who saw it active
    before = rows()
    turn.record(SendResult(200, ""))
    assert turn.take() is None
    assert deliver_due() == DeliveryResult()
    assert rows() == before
    assert hook[0].requests == []


def test_a_worker_whose_claim_has_ended_writes_nothing(
    hook: Hook, webhook: Webhook, clock: time_machine.Traveller
) -> None:
    queue(webhook)
    late = claimed()
    late.take()
    clock.shift(LEASE)
    assert deliver_due() == DeliveryResult(delivered=1)
    before = rows()
    late.record(SendResult(500, "No."))
    assert late.take() is None
    assert rows() == before


def test_one_turn_at_a_time(hook: Hook, webhook: Webhook) -> None:
    queue(webhook)
    turn = claimed()
    turn.take()
    assert nobody()
    turn.record(SendResult(200, ""))
    assert turn.take() is None
    queue(webhook)
    Webhook.objects.update(slow_until=timezone.now())
    assert claimed().webhook.pk == webhook.pk


# --- Bounds -----------------------------------------------------------------------------------------------------------
def test_one_test_waits_at_most(webhook: Webhook) -> None:
    old = send_test(webhook=webhook)
    with pytest.raises(CannotSendError, match="A test is already waiting"):
        send_test(webhook=webhook)
    assert Delivery.objects.count() == 1
    deliver_due()
    send_test(webhook=webhook)
    before = rows()
    with pytest.raises(CannotSendError, match="A test is already waiting"):
        send_again(delivery=old)
    assert rows() == before


def test_nothing_is_sent_by_hand_while_it_is_paused(webhook: Webhook) -> None:
    (old,) = queue(webhook)
    deliver_due()
    pause_webhook(webhook_id=webhook.pk, reason="Why.")
    before = rows()
    for send in (lambda: send_test(webhook=webhook), lambda: send_again(delivery=old)):
        with pytest.raises(CannotSendError, match="The webhook is paused"):
            send()
    assert rows() == before


def test_it_is_paused_when_too_many_would_wait(store: Store, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 3)
    news = outbox.Update(store.customer.pk, "order.changed", timezone.now(), {"order": 1})
    assert outbox.queue_updates([news, news]) == 2
    assert outbox.queue_updates([news]) == 1
    assert Webhook.objects.get().is_active
    assert outbox.queue_updates([news]) == 0
    paused = Webhook.objects.get()
    said = "The webhook is paused. More than 3 messages were waiting. Enable it again once the problem is fixed."
    assert (paused.is_active, paused.pause_reason) == (False, said)
    assert list(Delivery.objects.values_list("next_at", "is_delivered")) == [(None, False)] * 3
    assert outbox.queue_updates([news]) == 0


def test_a_failure_leads_to_the_slow_lane_for_a_while(
    hook: Hook, webhook: Webhook, clock: time_machine.Traveller
) -> None:
    program, _ = hook
    queue(webhook)
    deliver_due()
    webhook.refresh_from_db()
    assert webhook.slow_until is None  # it was quick
    program.acts = [answer(b"", status=500), answer(b"ok")]
    queue(webhook)
    deliver_due()
    webhook.refresh_from_db()
    assert webhook.slow_until == timezone.now() + PROBATION
    clock.shift(RETRIES[0])
    assert deliver_due() == DeliveryResult(delivered=1)
    webhook.refresh_from_db()
    assert webhook.slow_until is not None
    clock.shift(PROBATION)
    queue(webhook)
    deliver_due()
    webhook.refresh_from_db()
    assert webhook.slow_until is None


def test_a_new_address_does_not_shorten_the_time_in_the_slow_lane(
    store: Store, webhook: Webhook, clock: time_machine.Traveller
) -> None:
    for known, then in ((None, timedelta(0)), (timedelta(minutes=30), timedelta(minutes=30))):
        Webhook.objects.update(slow_until=timezone.now() + known if known else None, url="https://example.com/old")
        set_webhook(customer=store.customer, url="https://example.com/new", actor="test")
        assert Webhook.objects.get().slow_until == timezone.now() + then
