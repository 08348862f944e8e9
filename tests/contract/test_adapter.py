"""The adapter against two upstreams over a real port, the simulator and our own API: one expectation for both."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from orders.placing.validation import LONGEST_TEXT
from panel.customers.keys import issue_key
from providers.adapters.base import Balance, ItemError, OrderStatus, ReportedStatus, ServiceRow
from providers.adapters.errors import NotPlaced, Refused, RetryLater
from providers.adapters.vocabulary import SERVICE_TYPES
from tests.contract.upstreams import PanelUpstream, Upstream
from tests.fixtures_simulator import COMMENTS_SERVICE, KNOWN_SERVICES, ORDER_SECONDS, PACKAGE_SERVICE

pytestmark = pytest.mark.django_db(transaction=True)

BAD_ORDER = ItemError("Incorrect order ID")
NOBODY = "999999"


def test_services(upstream: Upstream) -> None:
    listed = upstream.adapter.services()
    assert listed
    assert (len(listed.services), listed.rejected) == (20, [])
    assert {row.type for row in listed.services} <= set(SERVICE_TYPES)
    found = {row.external_id: row for row in listed.services}
    for known in KNOWN_SERVICES:
        own = upstream.service(known.id)
        assert found[own] == ServiceRow(
            external_id=own,
            name=known.name,
            type=known.type,
            raw_type=known.type,
            category=known.category,
            rate=upstream.price(known.rate),
            min=int(known.min),
            max=int(known.max),
            refill=known.refill,
            cancel=known.cancel,
            dripfeed=known.dripfeed,
            description=known.description,
            average_time=known.average_time,
        )
    assert upstream.adapter.services(unless_digest=listed.digest) is None


def test_balance(upstream: Upstream) -> None:
    assert upstream.adapter.balance() == Balance(upstream.opening, "USD")
    upstream.add()
    assert upstream.adapter.balance() == Balance(upstream.opening - upstream.price("0.9"), "USD")


def test_an_order_through_its_life(upstream: Upstream) -> None:
    order_id = upstream.add().order_id
    waiting = upstream.pending(order_id, "0.9", 1000)
    assert replace(upstream.status(order_id), start_count=None) == waiting
    upstream.advance(ORDER_SECONDS * 0.55)
    (there,) = upstream.simulator.orders()
    going = replace(waiting, word=ReportedStatus.IN_PROGRESS, raw="In progress", start_count=int(there["start_count"]))
    assert upstream.status(order_id) == replace(going, remains=500)
    upstream.advance(ORDER_SECONDS)
    done = replace(going, word=ReportedStatus.COMPLETED, raw="Completed", remains=0)
    assert upstream.status(order_id) == done
    assert upstream.adapter.statuses(order_ids=[order_id]) == {order_id: done}
    assert upstream.spent() == upstream.price("0.9")


@pytest.mark.parametrize(
    ("number", "words", "charge", "units"),
    [
        (PACKAGE_SERVICE, {"quantity": ""}, "5", 1),
        (COMMENTS_SERVICE, {"quantity": "", "comments": "Lovely\r\nGreat 🎉\n\nNice"}, "0.024", 3),
        ("1", {"quantity": "100", "runs": "3", "interval": "60"}, "0.27", 300),
    ],
)
def test_orders_of_other_shapes(
    upstream: Upstream, number: str, words: dict[str, str], charge: str, units: int
) -> None:
    order_id = upstream.add(number, **words).order_id
    said = replace(upstream.status(order_id), start_count=None, runs=None, children=())
    assert said == upstream.pending(order_id, charge, units)
    assert upstream.spent() == upstream.price(charge)


def test_what_one_of_our_panels_takes_the_next_one_takes(upstream: Upstream) -> None:
    """The longest text that orders/placing/validation.py lets through, in the letters that take the most bytes."""
    comments = "\n".join(["🎉" * 70] * 1400)
    assert len(comments) < LONGEST_TEXT
    upstream.add(COMMENTS_SERVICE, quantity="", comments=comments)
    assert upstream.spent() == upstream.price("11.2")


def test_the_posts_of_a_subscription_are_told(upstream: Upstream) -> None:
    """Without them the adapter's caller cannot settle it: see orders/rules/subscription.py."""
    upstream.list_service("90", type="Subscriptions", rate="2", min="10", max="1000")
    words = {"username": "natgeo", "min": "50", "max": "100", "posts": "4", "delay": "0", "link": "", "quantity": ""}
    order_id = upstream.order("90", **words)
    assert upstream.spent() == upstream.price("0.8")
    upstream.say(order_id, {"status": "Completed", "posts": "3"})
    assert upstream.status(order_id).posts == 3


def test_the_same_order_twice_is_two_orders(upstream: Upstream) -> None:
    assert upstream.add().order_id != upstream.add().order_id
    assert upstream.spent() == upstream.price("1.8")


def test_statuses_of_several(upstream: Upstream) -> None:
    first, second = upstream.order(), upstream.order(quantity="500")
    upstream.say(first, {"status": "Partial", "remains": 400, "start_count": 12})
    upstream.say(second, {"status": "In progress", "remains": 77, "start_count": 0})
    partial = OrderStatus(first, ReportedStatus.PARTIAL, "Partial", upstream.price("0.54"), 12, 400, "USD")
    going = OrderStatus(second, ReportedStatus.IN_PROGRESS, "In progress", upstream.price("0.45"), 0, 77, "USD")
    asked = [first, NOBODY, second, "0"]
    answers = {first: partial, NOBODY: BAD_ORDER, second: going, "0": BAD_ORDER}
    assert upstream.adapter.statuses(order_ids=asked) == answers
    assert upstream.spent() == upstream.price("0.99")
    assert upstream.adapter.status(order_id=NOBODY) == BAD_ORDER
    unknown = [str(number) for number in range(900_000, 900_100)]
    assert upstream.adapter.statuses(order_ids=unknown) == dict.fromkeys(unknown, BAD_ORDER)


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ({"service": NOBODY}, "service_gone", "Incorrect service ID"),
        ({"service": "none"}, "service_gone", "Incorrect service ID"),
        ({"link": ""}, "order", "Bad link"),
        ({"quantity": "49"}, "order", "Quantity less than minimal 50"),
        ({"quantity": "10001"}, "order", "Quantity more than maximum 10000"),
        ({"quantity": "many"}, "order", "Incorrect request"),
        ({"quantity": ""}, "order", "Incorrect request"),
        ({"runs": "x", "interval": "5"}, "order", "Incorrect request"),
    ],
)
def test_what_is_wrong_is_refused(upstream: Upstream, words: dict[str, str], code: str, text: str) -> None:
    with pytest.raises(Refused) as caught:
        upstream.add(**words)
    assert (caught.value.code, caught.value.text, caught.value.evidence.http_status) == (code, text, 200)
    upstream.work()
    assert upstream.spent() == 0
    assert not upstream.simulator.orders()


def test_without_money_nothing_is_placed(upstream: Upstream) -> None:
    with pytest.raises(NotPlaced) as caught:
        upstream.add(quantity="10000", runs="120", interval="1")
    assert (caught.value.reason, caught.value.text) == ("funds", "Not enough funds on balance")
    assert upstream.spent() == 0
    assert not upstream.simulator.orders()


def test_a_wrong_key_opens_nothing(upstream: Upstream) -> None:
    order_id = upstream.order()
    questions: list[tuple[str, dict[str, Any]]] = [
        ("services", {}),
        ("balance", {}),
        ("status", {"order_id": order_id}),
        ("statuses", {"order_ids": [order_id, NOBODY]}),
        ("refill", {"order_id": order_id}),
        ("refill_statuses", {"refill_ids": ["1", "2"]}),
        ("cancels", {"order_ids": [order_id]}),
    ]
    with upstream.with_key(upstream.key[:-1] + ("B" if upstream.key.endswith("A") else "A")) as stranger:
        with pytest.raises(NotPlaced) as refused:
            stranger.add()
        assert (refused.value.reason, refused.value.text) == ("key", "Invalid API key")
        for question, given in questions:
            with pytest.raises(RetryLater) as caught:
                getattr(stranger.adapter, question)(**given)
            assert (caught.value.reason, caught.value.may_be_done) == ("key", False), question
    assert upstream.status(order_id).word == ReportedStatus.PENDING
    assert upstream.spent() == upstream.price("0.9")


@pytest.mark.parametrize("upstream", ["panel"], indirect=True)
def test_a_key_that_may_only_read_places_nothing(upstream: PanelUpstream) -> None:
    customer = upstream.store.customer
    issued = issue_key(customer=customer, name="R", actor="test", is_read_only=True, now=timezone.now())
    with upstream.with_key(issued.secret.reveal()) as reader:
        assert reader.spent() == 0
        with pytest.raises(NotPlaced) as caught:
            reader.add()
        assert caught.value.reason == "key"
        assert reader.spent() == 0


def test_who_asks_too_often_is_told_when_to_come_back(upstream: Upstream, settings: Any) -> None:
    order_id = upstream.order()
    settings.API_ADD_PER_10_SECONDS = settings.API_CALLS_PER_10_SECONDS = -1  # so that any call is one too many
    for action in ("add", "cancel"):
        upstream.simulator.next(action, "busy429")
    with pytest.raises(NotPlaced) as refused:
        upstream.add()
    assert (refused.value.reason, refused.value.text) == ("busy", "Too many requests")
    assert 0 < (refused.value.retry_after or 0) <= 10
    with pytest.raises(RetryLater) as caught:
        upstream.adapter.cancels(order_ids=[order_id, NOBODY])
    assert (caught.value.reason, caught.value.may_be_done) == ("busy", False)
    assert 0 < (caught.value.retry_after or 0) <= 10
