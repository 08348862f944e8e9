"""Verdicts on doubtful orders: exact words, one domain call, and what is refused moves nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from orders.models import Attempt, Order, Probe
from panel.customers.models import User
from panel.ops.models import AuditEvent
from panel.wallet.models import Transfer
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db


def decide(client: Client, order: Order, verdict: str, **words: str) -> int:
    given = {"reason": "Asked their support", **words}
    return client.post(f"/staff/doubtful/{order.pk}/{verdict}/", given).status_code


def test_a_helper_sees_the_evidence_and_no_buttons(helper: Client, doubtful: Order) -> None:
    page = helper.get("/staff/doubtful/").content.decode()
    assert f"Order #{doubtful.pk}" in page
    assert "You don't have permission to decide on this order." in page
    assert "Refund order" not in page


def test_the_doubtful_page_says_exactly_what_each_verdict_does(owner: Client, doubtful: Order) -> None:
    page = " ".join(owner.get("/staff/doubtful/").content.decode().split())
    assert "$1.35 stays on hold until it ends. North is asked for the ID first; nothing is sent." in page
    assert "If it was placed after all, it is delivered twice and costs you $0.90 twice." in page
    assert "$1.35 is refunded to the wallet of ada@example.com, and the order ends as canceled." in page
    assert "its cost of $0.90 is your loss." in page


def test_it_was_placed_asks_the_provider_for_the_id_and_follows_it(
    owner: Client, store: Store, doubtful: Order
) -> None:
    before = store.everything()
    answer = owner.post(f"/staff/doubtful/{doubtful.pk}/placed/", {"reason": "Seen there", "provider_order_id": "999"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "The provider does not know this ID" in text
    assert 'value="999"' in text
    assert 'value="Seen there"' in text
    assert store.everything() == before
    real = str(store.simulator.orders()[0]["id"])
    assert decide(owner, doubtful, "placed", provider_order_id=real) == 302
    now = store.fresh(doubtful)
    assert (now.state, now.provider_order_id) == ("ACTIVE", real)
    assert store.wallet() == Decimal("98.65")
    event = now.events.get(what="confirmed")
    assert (event.actor, event.reason) == ("owner@example.com", "Asked their support")
    assert AuditEvent.objects.get(action="order was placed").target == f"order:{doubtful.pk}"


def test_it_was_not_placed_queues_it_again(owner: Client, store: Store, doubtful: Order) -> None:
    assert decide(owner, doubtful, "again") == 302
    assert store.fresh(doubtful).state == "QUEUED"
    assert doubtful.attempts.get().outcome == "absent"
    assert store.wallet() == Decimal("98.65")


def test_the_money_goes_back_once_however_often_it_is_clicked(owner: Client, store: Store, doubtful: Order) -> None:
    assert decide(owner, doubtful, "back") == 302
    assert store.wallet() == 100
    again = owner.post(f"/staff/doubtful/{doubtful.pk}/back/", {"reason": "Twice"}, follow=True).content.decode()
    assert "This order is no longer unconfirmed." in again
    assert store.wallet() == 100
    assert store.fresh(doubtful).state == "REJECTED"
    assert Transfer.objects.filter(key__startswith="refund:").count() == 1


@pytest.mark.parametrize(
    ("verdict", "words", "said"),
    [
        ("back", {"reason": " "}, "Enter a reason. It is saved with the order."),
        ("again", {"reason": ""}, "Enter a reason. It is saved with the order."),
        ("placed", {"provider_order_id": ""}, "Enter the order ID at the provider."),
        ("placed", {"provider_order_id": "two words"}, "Enter the order ID at the provider."),
    ],
)
def test_a_refused_verdict_moves_nothing_and_says_why_beside_it(
    owner: Client, store: Store, doubtful: Order, verdict: str, words: dict[str, str], said: str
) -> None:
    before = store.everything()
    answer = owner.post(f"/staff/doubtful/{doubtful.pk}/{verdict}/", {"reason": "Why", **words})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert store.everything() == before


def test_an_order_whose_answer_may_still_come_cannot_be_decided(owner: Client, store: Store, doubtful: Order) -> None:
    Attempt.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    assert "The provider may still answer." in owner.get("/staff/doubtful/").content.decode()
    before = store.everything()
    assert decide(owner, doubtful, "back") == 422
    assert store.everything() == before


def test_unknown_orders_and_verdicts_are_not_found(owner: Client, doubtful: Order) -> None:
    assert decide(owner, doubtful, "nonsense") == 404
    assert owner.post("/staff/doubtful/987654/back/", {"reason": "x"}).status_code == 404
    assert owner.post("/staff/doubtful/987654/reviewed/", {"reason": "x"}).status_code == 404
    assert owner.get("/staff/balances/987654/").status_code == 404


@pytest.mark.parametrize("address", ["reviewed", "looked"])  # the second is that of earlier versions
def test_a_flagged_order_is_marked_as_reviewed(owner: Client, store: Store, address: str) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(attention="odd remains")
    assert "odd remains" in owner.get("/staff/doubtful/").content.decode()
    url = f"/staff/doubtful/{order.pk}/{address}/"
    refused = owner.post(url, {"reason": ""})
    assert (refused.status_code, store.fresh(order).attention) == (422, "odd remains")
    assert "Note what you found. It is saved with the order." in refused.content.decode()
    assert owner.post(url, {"reason": "All is there"}).status_code == 302
    assert store.fresh(order).attention == ""
    assert "is no longer flagged" in owner.post(url, {"reason": "Again"}, follow=True).content.decode()
    assert store.fresh(order).events.filter(what="seen").count() == 1


def test_one_order_can_be_shown_alone(owner: Client, store: Store, doubtful: Order) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(attention="odd remains")
    page = owner.get("/staff/doubtful/", {"order": order.pk}).content.decode()
    assert f'id="flag-{order.pk}"' in page
    assert f'id="order-{doubtful.pk}"' not in page
    assert owner.get("/staff/doubtful/", {"order": "²"}).status_code == 200


def test_a_permission_lets_a_helper_decide(store: Store, doubtful: Order) -> None:
    user = User.objects.create_user("decider@example.com", "correct horse battery", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "change_order"]))
    client = Client()
    client.force_login(user)
    assert decide(client, doubtful, "back") == 302
    assert store.fresh(doubtful).events.get(what="rejected").actor == "decider@example.com"


def test_what_was_found_at_the_provider_stands_with_the_order(owner: Client, store: Store, doubtful: Order) -> None:
    attempt = doubtful.attempts.get()
    probe = Probe.objects.create(attempt=attempt, reason="It could not be asked.")
    assert "still checking" in owner.get("/staff/doubtful/").content.decode()
    probe.verdict, probe.candidate, probe.reason, probe.calls = "placed", "4711", "4711 alone answers.", 2
    probe.save()
    page = owner.get("/staff/doubtful/").content.decode()
    assert "found as <code>4711</code>" in page
    assert 'name="provider_order_id" required maxlength="64" autocomplete="off" value="4711"' in page
    assert "4711 alone answers." in owner.get(f"/admin/orders/order/{doubtful.pk}/change/").content.decode()
