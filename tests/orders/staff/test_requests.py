"""The staff's queue of refills and cancels: who may see and decide, what it shows, what a decision changes."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.aftercare.cancel_jobs import poll_cancels
from orders.aftercare.refill_jobs import poll_refills
from orders.aftercare.unanswered_requests import update_unanswered_alert
from orders.models import Cancellation, Order, Refill
from orders.rules.states import State
from panel.ops.alerts.alert_pages import page_url_of
from panel.ops.models import Alert, AuditEvent
from providers.models import Provider
from tests.fixtures_orders import Store
from tests.orders.filled import fill_orders
from tests.orders.reading import text_in

QUEUE = "/staff/requests/"


@pytest.fixture
def stuck(store: Store) -> Cancellation:
    """A cancel that was tried three times without an answer."""
    order = store.active()
    wish = Cancellation.objects.create(order=order, state="unknown", tries=3, reason="HTTP 500.", next_at=None)
    update_unanswered_alert(provider_ids=[store.provider.pk])
    return wish


def text_of(client: Client, address: str) -> str:
    return text_in(client.get(address).content.decode().partition("<main")[2].partition("</main")[0])


def decide(client: Client, one: Refill | Cancellation, verdict: str, **words: str) -> str:
    kind = "refills" if isinstance(one, Refill) else "cancels"
    return client.post(f"{QUEUE}{kind}/{one.pk}/{verdict}/", words, follow=True).content.decode()


def test_the_queue_is_for_staff_alone_and_decisions_for_some(store: Store, helper: Client, stuck: Cancellation) -> None:
    customer, anonymous = Client(), Client()
    customer.force_login(store.customer)
    pressed = [f"{QUEUE}cancels/{stuck.pk}/{verdict}/" for verdict in ("again", "close")]
    for url in (QUEUE, *pressed):
        for method in ("get", "post"):
            assert getattr(anonymous, method)(url).status_code == 302
            assert getattr(customer, method)(url).status_code == 404
    assert (helper.get(QUEUE).status_code, helper.post(QUEUE).status_code) == (200, 405)
    assert "Send again" not in helper.get(f"{QUEUE}?kind=cancels").content.decode()
    assert [helper.post(url, {"reason": "x"}).status_code for url in pressed] == [403, 403]
    stuck.refresh_from_db()
    assert (stuck.state, stuck.tries) == ("unknown", 3)


@pytest.fixture
def two(store: Store) -> list[Provider]:
    """A refill without an answer at each of two providers, and a cancel at the first."""
    other = Provider.objects.create(name="South", url="https://south.example/", currency="USD")
    orders = fill_orders(store, 2, state=State.COMPLETED)
    Order.objects.filter(pk=orders[1].pk).update(provider=other)
    for order in orders:
        Refill.objects.create(order=order, state="unknown", tries=3, next_at=None)
    (active,) = fill_orders(store, 1)
    Cancellation.objects.create(order=active, state="unknown", tries=3, next_at=None)
    return [store.provider, other]


def test_every_count_is_of_the_chosen_provider(owner: Client, two: list[Provider]) -> None:
    for query, counts in (
        ("", "Refills 2 Cancels 1"),
        (f"?provider={two[0].pk}", "Refills 1 Cancels 1"),
        (f"?provider={two[1].pk}", "Refills 1 Cancels"),
    ):
        page = text_of(owner, f"{QUEUE}{query}")
        assert counts in page
    assert "No answer 0 Open 0" in text_of(owner, f"{QUEUE}?provider={two[1].pk}&kind=cancels")


@pytest.mark.parametrize(("kind", "verdict"), [("refills", "again"), ("cancels", "close"), ("refills", "close")])
def test_after_a_decision_the_queue_is_as_it_was_looked_at(
    owner: Client, two: list[Provider], kind: str, verdict: str
) -> None:
    query = f"kind={kind}&provider={two[0].pk}&state=open&page=1"
    page = owner.get(f"{QUEUE}?{query}").content.decode()
    (action,) = set(re.findall(rf'action="({QUEUE}{kind}/[0-9]+/{verdict}/[^"]*)"', html.unescape(page)))
    answer = owner.post(action, {"reason": "asked there"})
    assert (answer.status_code, answer["Location"]) == (302, f"{QUEUE}?{query}")
    assert owner.post(action.partition("?")[0], {"reason": "x"})["Location"] == f"{QUEUE}?kind={kind}"


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("kind=orders", "Refills or cancels"),
        ("provider=North", "Provider"),
        ("state=lost", "Status"),
        ("state=open&provider=%C2%B2", "Provider"),
    ],
)
def test_a_filter_without_sense_finds_nothing_and_says_so(
    owner: Client, two: list[Provider], query: str, label: str
) -> None:
    page = text_of(owner, f"{QUEUE}?{query}")
    assert f"The filter “{label}” has no value “" in page
    assert "No results" in page
    assert "Send again" not in page


def test_it_shows_what_stands_how_and_at_whom(store: Store, owner: Client, stuck: Cancellation) -> None:
    orders = fill_orders(store, 2, state=State.COMPLETED)
    Refill.objects.create(
        order=orders[0], state="pending", provider_refill_id="771", tries=5, reason="Refill not found"
    )
    Refill.objects.create(order=orders[1], state="rejected", reason="No drop", next_at=None, ended_at=timezone.now())
    text = text_of(owner, QUEUE)
    assert "Refills 1 Cancels 1" in text
    assert "No answer 1 Open 1 Rejected Done" in text
    assert f"Order #{orders[0].pk}" in text
    assert "refill 771 · 5 tries without an answer · Refill not found" in text
    assert f"Order #{orders[1].pk}" not in text
    assert f"Order #{orders[1].pk}" in text_of(owner, f"{QUEUE}?state=refused")
    assert "No requests here" in text_of(owner, f"{QUEUE}?state=ended")

    text = text_of(owner, f"{QUEUE}?kind=cancels")
    assert f"Order #{stuck.order_id} Unknown" in text
    assert "3 tries without an answer · HTTP 500." in text
    page = owner.get(f"{QUEUE}?kind=cancels").content.decode()
    assert f'href="/staff/orders/{stuck.order_id}/"' in page
    assert '<span class="sidebar-count">2</span>' in page

    other = Provider.objects.create(name="South", url="https://south.example/", currency="USD")
    assert "No unanswered requests" in text_of(owner, f"{QUEUE}?kind=cancels&provider={other.pk}")
    for odd in ("?provider=x", "?kind=x&state=x&page=x", f"?provider={'9' * 30}"):
        assert owner.get(QUEUE + odd).status_code == 200


def test_sending_a_cancel_again(store: Store, owner: Client, stuck: Cancellation) -> None:
    money = store.money()
    assert f"Order #{stuck.order_id}: the request is sent again within minutes." in decide(owner, stuck, "again")
    stuck.refresh_from_db()
    assert (stuck.state, stuck.tries, stuck.reason) == ("unknown", 0, "")  # a refusal of it may be an echo
    assert Alert.objects.get(subject=f"requests:{store.provider.pk}").closed_at is not None
    assert (AuditEvent.objects.get().action, AuditEvent.objects.get().actor) == (
        "cancel sent again",
        "owner@example.com",
    )
    assert poll_cancels(now=timezone.now()).accepted == 1
    assert store.money() == money


def test_closing_a_cancel(store: Store, owner: Client, stuck: Cancellation) -> None:
    assert "Enter a reason. It is saved with the order." in decide(owner, stuck, "close", reason=" ")
    stuck.refresh_from_db()
    assert stuck.state == "unknown"
    before = store.everything()
    decide(owner, stuck, "close", reason="They will not")
    stuck.refresh_from_db()
    assert (stuck.state, stuck.reason, stuck.next_at) == ("refused", "They will not", None)
    assert stuck.ended_at is not None
    event = stuck.order.events.latest("pk")
    assert (event.what, event.actor, event.reason) == ("cancel refused", "owner@example.com", "They will not")
    assert store.everything() == before
    assert "has already ended" in decide(owner, stuck, "again")


def test_a_refill_that_was_lost_is_sent_again_or_closed(store: Store, owner: Client) -> None:
    first, second = fill_orders(store, 2, state=State.COMPLETED)
    lost = Refill.objects.create(order=first, state="pending", provider_refill_id="771", tries=9)
    gone = Refill.objects.create(order=second, state="unknown", tries=3, next_at=None)
    decide(owner, lost, "again")
    decide(owner, gone, "close", reason="Not there")
    assert poll_refills(now=timezone.now()).requested == 1
    lost.refresh_from_db()
    gone.refresh_from_db()
    assert (lost.state, lost.tries, lost.provider_refill_id != "771") == ("pending", 0, True)
    assert (gone.state, gone.reason) == ("rejected", "Not there")
    assert second.events.latest("pk").what == "refill refused"


def test_what_is_being_sent_is_left_alone(store: Store, owner: Client, stuck: Cancellation) -> None:
    Cancellation.objects.update(state="sending")
    assert "The request is being sent" in decide(owner, stuck, "close", reason="x")
    stuck.refresh_from_db()
    assert stuck.state == "sending"


@pytest.mark.parametrize("address", ["cancels/999999/again/", "orders/1/again/", "cancels/1/refund/"])
def test_what_does_not_exist(owner: Client, stuck: Cancellation, address: str) -> None:
    assert owner.post(QUEUE + address, {"reason": "x"}).status_code == 404


@pytest.mark.parametrize("count", [2, 60])
def test_it_takes_as_many_queries_however_many_there_are(store: Store, owner: Client, count: int) -> None:
    orders: list[Order] = fill_orders(store, count)
    Cancellation.objects.bulk_create(Cancellation(order=order, state="asked") for order in orders)
    with CaptureQueriesContext(connection) as queries:
        page = owner.get(f"{QUEUE}?kind=cancels&state=open").content.decode()
    assert len(queries) <= 18
    assert page.count("Send again") == min(count, 50)


def test_the_alert_leads_here() -> None:
    assert page_url_of("requests:1") == QUEUE
