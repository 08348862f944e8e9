"""Canceling and refilling on the order's page: what the buttons say, what they do, how it is told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from orders.aftercare.cancel_jobs import poll_cancels
from orders.aftercare.refill_jobs import poll_refills
from orders.models import Cancellation, Order, OrderEvent, Refill
from providers.catalog.models import Service
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS, PLAIN_SERVICE
from tests.orders.reading import text_in, text_of

D = Decimal


def test_a_queued_order_is_canceled_with_its_money_back(store: Store, ada: Client) -> None:
    order = store.place()
    text = text_of(ada, order)
    assert "The order is canceled before it starts, and $1.35 is refunded to your balance now." in text
    assert "Cancel and refund $1.35" in text
    answer = ada.post(f"/orders/{order.pk}/cancel/")
    assert (answer.status_code, answer["Location"]) == (302, f"/orders/{order.pk}/")
    assert (store.fresh(order).state, store.fresh(order).refunded) == ("CANCELED", D("1.35"))
    assert store.wallet() == D(100)
    page = ada.get(answer["Location"]).content.decode()
    assert f"Order #{order.pk} canceled. $1.35 was refunded to your balance." in page
    text = text_of(ada, order)
    assert "Canceled just now At your request." in text
    assert "Cancel order" not in text


def test_a_sent_orders_cancel_is_asked_for_and_told_step_by_step(store: Store, ada: Client) -> None:
    order = store.active()
    text = text_of(ada, order)
    assert (
        "Delivery continues until it&#x27;s confirmed. You pay for what&#x27;s delivered by then, and the rest of the "
        "$1.35 is refunded to your balance. If the order completes first, nothing changes. Request cancellation"
    ) in text
    before = store.everything()
    answer = ada.post(f"/orders/{order.pk}/cancel/", follow=True).content.decode()
    assert f"Cancellation requested for order #{order.pk}. You&#x27;ll be refunded once it&#x27;s confirmed." in answer
    assert store.everything() == before
    text = text_of(ada, order)
    assert "Cancellation Pending We pass on your request within minutes. The order continues until" in text
    assert "Request cancellation" not in text

    poll_cancels(now=timezone.now())
    text = text_of(ada, order)
    assert "Cancellation Accepted The undelivered part is refunded to your balance once the order stops." in text
    assert store.money() == before["money"]

    store.poll()
    poll_cancels(now=timezone.now())
    text = text_of(ada, order)
    assert "Cancellation Completed" in text
    assert "Refunded just now $1.35 was refunded to your balance." in text
    for step in ("Order placed", "Accepted", "Cancellation requested", "Cancellation accepted", "Canceled"):
        assert f"{step} just now" in text


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Cancel is not available for this order", "This isn&#x27;t possible for the order right now."),
        ("North: order already completed", "The order has progressed too far, or this was already requested."),
        ("Blorp 17", "The request was rejected."),
    ],
)
def test_a_refusal_is_told_in_our_words(store: Store, ada: Client, said: str, sentence: str) -> None:
    order = store.active()
    Cancellation.objects.create(order=order, state="refused", reason=said, next_at=None, ended_at=timezone.now())
    OrderEvent.objects.create(order=order, what="cancel refused", reason=said)
    text = text_of(ada, order)
    assert f"Cancellation Rejected {sentence} Requested just now . The cancellation was rejected recently." in text
    assert f"Cancellation rejected just now {sentence}" in text
    assert "North" not in text
    assert "Request cancellation" not in text


def test_what_staff_note_is_theirs(store: Store, ada: Client) -> None:
    order = store.active()
    OrderEvent.objects.create(
        order=order, what="cancel refused", reason="they wait for days", actor="staff@example.com"
    )
    assert "Cancellation rejected just now The request was rejected." in text_of(ada, order)


@pytest.mark.parametrize(
    ("state", "due", "words"),
    [
        ("unknown", True, "Pending We haven&#x27;t received a response yet. We&#x27;ll try again automatically."),
        ("unknown", False, "No response We couldn&#x27;t get a response. If the order still stops"),
        ("too late", False, "Too late The order was completed before it could be canceled, so there is no refund."),
    ],
)
def test_how_a_wish_stands(store: Store, ada: Client, state: str, due: bool, words: str) -> None:
    order = store.active()
    Cancellation.objects.create(order=order, state=state, next_at=timezone.now() if due else None, reason="North: E 17")
    text = text_of(ada, order)
    assert f"Cancellation {words}" in text
    assert "North" not in text


def test_in_doubt_the_wish_is_kept(store: Store, ada: Client) -> None:
    store.simulator.next("add", "reset_after_create")
    order = store.submit(store.place())
    assert "If it hasn&#x27;t, it&#x27;s canceled and $1.35 is refunded to your balance. If it has, we request" in (
        text_of(ada, order)
    )
    before = store.everything()
    ada.post(f"/orders/{order.pk}/cancel/")
    assert store.everything() == before
    assert (
        "Cancellation Pending We process your request once we&#x27;ve confirmed whether the order has started."
        in text_of(ada, order)
    )


def test_a_subscription_is_stopped(store: Store, ada: Client) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(type="Subscriptions")
    assert "Stop subscription We request to stop the subscription." in text_of(ada, order)


def test_where_the_service_cannot_be_canceled_it_says_so(store: Store, ada: Client) -> None:
    order = store.active(PLAIN_SERVICE)
    reason = "This order has already started, and this service cannot be canceled after that."
    assert reason in text_of(ada, order)
    before = store.everything()
    answer = ada.post(f"/orders/{order.pk}/cancel/", follow=True)
    assert reason in answer.content.decode()
    assert (store.everything(), Cancellation.objects.count()) == (before, 0)


def test_canceling_twice_gives_back_once(store: Store, ada: Client) -> None:
    order = store.place()
    ada.post(f"/orders/{order.pk}/cancel/")
    before = store.everything()
    ada.post(f"/orders/{order.pk}/cancel/")
    assert store.everything() == before
    assert store.wallet() == D(100)


def test_a_refill_is_asked_for_once(store: Store, ada: Client, completed: Order) -> None:
    assert "Request refill" in text_of(ada, completed)
    answer = ada.post(f"/orders/{completed.pk}/refill/")
    assert (answer.status_code, answer["Location"]) == (302, f"/orders/{completed.pk}/")
    assert Refill.objects.get().order == completed
    text = text_of(ada, completed)
    assert "Refill Pending Requested just now" in text
    assert "Request refill" not in text
    money = store.money()
    again = ada.post(f"/orders/{completed.pk}/refill/", follow=True)
    assert "A refill is already in progress." in again.content.decode()
    assert Refill.objects.count() == 1
    assert store.money() == money


def test_a_refill_to_its_end(store: Store, ada: Client, completed: Order) -> None:
    ada.post(f"/orders/{completed.pk}/refill/")
    poll_refills(now=timezone.now())
    store.simulator.advance(ORDER_SECONDS * 2)
    poll_refills(now=timezone.now() + timedelta(hours=1))
    text = text_of(ada, completed)
    assert "Refill Completed Requested just now The count has been restored." in text
    assert "Refill completed just now The count has been restored." in text
    day = f"{Refill.objects.get().created_at + timedelta(hours=24):%-d %b %Y, %H:%M} UTC"
    assert f"A refill was requested recently. You can request it from {day}." in text
    assert "Request refill" not in text


@pytest.mark.parametrize(
    ("state", "word"),
    [("unknown", "Pending"), ("in progress", "In progress"), ("completed", "Completed"), ("rejected", "Rejected")],
)
def test_a_refill_reads_in_the_customers_words(
    store: Store, ada: Client, completed: Order, state: str, word: str
) -> None:
    Refill.objects.create(order=completed, state=state, reason="North refused")
    text = text_of(ada, completed)
    assert f"Refill {word} Requested just now" in text
    assert "North" not in text


def test_the_window_is_told_before_and_after(store: Store, ada: Client, completed: Order) -> None:
    Service.objects.filter(pk=completed.service_id).update(refill_days=30)
    assert "Refill 30-day guarantee If the count has dropped since delivery" in text_of(ada, completed)
    Order.objects.filter(pk=completed.pk).update(finished_at=timezone.now() - timedelta(days=31))
    text = text_of(ada, completed)
    assert "The refill period of 30 days ended on " in text
    assert "Request refill" not in text


def test_before_its_end_an_order_says_when_it_can_be_refilled(store: Store, ada: Client) -> None:
    assert "Refill You can request a refill once the order is completed." in text_of(ada, store.active())


def test_what_cannot_be_refilled_has_no_button(store: Store, ada: Client) -> None:
    order = store.active(PLAIN_SERVICE)
    page = ada.get(f"/orders/{order.pk}/").content.decode()
    assert "refill-title" not in page
    assert "Refill" not in text_in(page.partition('id="order-live"')[2].partition("<nav")[0])
    answer = ada.post(f"/orders/{order.pk}/refill/", follow=True)
    assert "Refills are not available for this service." in answer.content.decode()
    assert Refill.objects.count() == 0
