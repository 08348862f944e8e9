"""The actions of the API, in the shapes that the protocol's document prints."""

import json
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from orders.models import Order
from panel.customers.models import User
from panel.wallet import ledger
from providers.catalog.models import Service
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import COMMENTS_SERVICE, ORDER_SECONDS, PACKAGE_SERVICE, PLAIN_SERVICE
from tests.orders.api.conftest import ADDRESS, Api


def strangers_order(store: Store) -> Order:
    """An order of somebody else, like the customer's own in everything."""
    mine, store.customer = store.customer, User.objects.create_user("eve@example.com")
    ledger.credit_wallet(user=store.customer, amount=Decimal(10), key="credit:eve")
    order = store.active()
    store.customer = mine
    return order


def test_balance(api: Api) -> None:
    assert api("balance") == {"balance": "100", "currency": "USD"}


def test_services(api: Api, store: Store) -> None:
    listed = api("services")
    first = next(row for row in listed if row["service"] == store.service().pk)
    assert first == {
        "service": store.service().pk,
        "name": "Instagram Followers | Real | 30 days refill",
        "type": "Default",
        "category": "Instagram Followers",
        "rate": "1.35",
        "min": "50",
        "max": "10000",
        "refill": True,
        "cancel": True,
        "dripfeed": True,
        "desc": "Link: the profile\nStart: 0-1 hour",
        "average_time": "1 hour 12 minutes",
    }
    assert len(listed) == Service.objects.filter(is_enabled=True, is_available=True).count()


def test_services_are_as_the_shelf_is_at_once(api: Api, store: Store) -> None:
    before = api("services")
    store.simulator.set_service("1", rate="1.2")
    from providers.catalog.publishing.refresh import refresh_provider

    refresh_provider(provider_id=store.provider.pk, now=timezone.now())
    assert {row["rate"] for row in before if row["service"] == store.service().pk} == {"1.35"}
    assert {row["rate"] for row in api("services") if row["service"] == store.service().pk} == {"1.8"}


def test_services_come_compressed_to_who_takes_that(api: Api, django_assert_num_queries) -> None:
    plain = api.post({"action": "services"})
    with django_assert_num_queries(3):  # the key, the terms, and the shelf's version
        small = api.post({"action": "services"}, HTTP_ACCEPT_ENCODING="gzip, deflate")
    assert small["Content-Encoding"] == "gzip"
    assert not plain.has_header("Content-Encoding")
    assert len(small.content) < len(plain.content)


def test_add_charges_and_writes_the_order(api: Api, store: Store) -> None:
    answer = api("add", service=store.service().pk, link=LINK, quantity=1000)
    order = Order.objects.get()
    assert answer == {"order": order.pk}
    assert (order.customer, order.link, order.quantity, order.charge) == (
        store.customer,
        LINK,
        1000,
        Decimal("1.35"),
    )
    assert store.wallet() == Decimal("98.65")


@pytest.mark.parametrize(
    ("external_id", "words", "charge"),
    [
        (PACKAGE_SERVICE, {"link": LINK}, "7.5"),
        (COMMENTS_SERVICE, {"link": LINK, "comments": "one\r\ntwo\n\nthree"}, "0.036"),
        ("1", {"link": LINK, "quantity": "100", "runs": "3", "interval": "60"}, "0.405"),
    ],
)
def test_add_of_other_types(api: Api, store: Store, external_id: str, words: dict[str, str], charge: str) -> None:
    api("add", service=store.service(external_id).pk, **words)
    assert Order.objects.get().charge == Decimal(charge)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"service": ""}, "Incorrect service ID"),
        ({"service": "999999"}, "Incorrect service ID"),
        ({"service": "abc"}, "Incorrect service ID"),
        ({"service": "-1"}, "Incorrect service ID"),
        ({"service": "1" * 30}, "Incorrect service ID"),
        ({"link": ""}, "Bad link"),
        ({"link": "undefined"}, "Bad link"),
        ({"link": "nonsense"}, "Bad link"),
        ({"quantity": "49"}, "Quantity less than minimal 50"),
        ({"quantity": "10001"}, "Quantity more than maximum 10000"),
        ({"quantity": ""}, "Incorrect request"),
        ({"quantity": "1e3"}, "Incorrect request"),
        ({"quantity": "-1000"}, "Incorrect request"),
        ({"quantity": "１０００"}, "Incorrect request"),
        ({"runs": "2"}, "Incorrect request"),
    ],
)
def test_add_refuses_and_nothing_moves(api: Api, store: Store, words: dict[str, str], error: str) -> None:
    before = store.everything()
    given = {"service": store.service().pk, "link": LINK, "quantity": "1000", **words}
    assert api("add", **given) == {"error": error}
    assert store.everything() == before


def test_add_without_money_moves_nothing(api: Api, store: Store) -> None:
    before = store.everything()
    answer = api("add", service=store.service().pk, link=LINK, quantity="10000", runs="9", interval="1")
    assert answer == {"error": "Not enough funds on balance"}
    assert store.everything() == before


def test_a_repeated_add_with_its_key_is_the_same_order(api: Api, store: Store) -> None:
    words = {"service": store.service().pk, "link": LINK, "quantity": "1000"}
    first = api("add", **words, idempotency_key="a-1")
    assert api("add", **words, idempotency_key="a-1") == first
    by_header = api.post({"action": "add", **words}, HTTP_IDEMPOTENCY_KEY="a-1").json()
    assert by_header == first
    assert api("add", **words, idempotency_key="a-2") != first
    assert Order.objects.count() == 2
    assert store.wallet() == Decimal("97.3")


def test_an_idempotency_key_gives_back_its_order_whatever_is_sold_now(api: Api, store: Store) -> None:
    words = {"service": store.service().pk, "link": LINK, "quantity": "1000", "idempotency_key": "a-1"}
    first = api("add", **words)
    Service.objects.update(is_enabled=False)
    before = store.everything()
    assert api("add", **words) == first
    assert api("add", **{**words, "service": "nonsense", "idempotency_key": "a-2"}) == {"error": "Incorrect service ID"}
    assert store.everything() == before


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "application/json"])
def test_a_key_in_the_header_counts_for_every_kind_of_body(api: Api, store: Store, kind: str) -> None:
    words = {"key": api.key, "action": "add", "service": store.service().pk, "link": LINK, "quantity": 1000}
    if kind == "application/json":
        body = json.dumps(words)
    else:
        body = urlencode(words) if "urlencoded" in kind else encode_multipart(BOUNDARY, words).decode()
    kind = MULTIPART_CONTENT if kind == "multipart/form-data" else kind
    send = [api.client.generic("POST", ADDRESS, body, kind, HTTP_IDEMPOTENCY_KEY="h-1").json() for _ in range(2)]
    order = Order.objects.get()
    assert send == [{"order": order.pk}] * 2
    assert store.wallet() == Decimal("98.65")


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": "1001"},
        {"quantity": ""},
        {"link": LINK + "/x"},
        {"service": "nonsense"},
        {"service": "999"},
        {"runs": "2", "interval": "5"},
    ],
)
def test_an_idempotency_key_with_other_content_is_an_error(api: Api, store: Store, changed: dict[str, str]) -> None:
    words = {"service": store.service().pk, "link": LINK, "quantity": "1000", "idempotency_key": "a-1"}
    first = api("add", **words)
    before = store.everything()
    assert api("add", **{**words, **changed}) == {"error": "This idempotency key was used for another order"}
    assert api("add", **{**words, "quantity": "01000 ", "unknown": "x"}) == first
    assert store.everything() == before


@pytest.mark.parametrize(
    ("drip", "error"),
    [
        ({"runs": "999999999", "interval": "1"}, "Incorrect request"),
        ({"runs": "2", "interval": "999999999"}, "Incorrect request"),
        ({"runs": "1001", "interval": "1"}, "Incorrect request"),
        ({"runs": "2", "interval": "43201"}, "Incorrect request"),
        ({"runs": "1000", "interval": "528"}, "Incorrect request"),
    ],
)
def test_a_drip_feed_without_end_is_refused(api: Api, store: Store, drip: dict[str, str], error: str) -> None:
    before = store.everything()
    assert api("add", service=store.service().pk, link=LINK, quantity="100", **drip) == {"error": error}
    assert store.everything() == before


def test_an_endless_idempotency_key_is_refused(api: Api, store: Store) -> None:
    words = {"service": store.service().pk, "link": LINK, "quantity": "1000", "idempotency_key": "x" * 201}
    assert api("add", **words) == {"error": "An idempotency key has at most 200 characters"}
    assert not Order.objects.exists()


def test_status_through_an_orders_life(api: Api, store: Store) -> None:
    order = store.place()
    pending = {"charge": "1.35", "start_count": None, "status": "Pending", "remains": "1000", "currency": "USD"}
    assert api("status", order=order.pk) == pending
    order = store.submit(order)
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=157, start_count=3572)
    store.poll()
    partial = {"charge": "1.13805", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}
    assert api("status", order=order.pk) == partial
    store.simulator.set_order(order.provider_order_id, status="Canceled")
    store.poll()
    assert api("status", order=order.pk) | {"remains": ""} == partial | {
        "charge": "0",
        "status": "Canceled",
        "remains": "",
    }


def test_status_of_many(api: Api, store: Store) -> None:
    mine, other = store.place(), strangers_order(store)
    answer = api("status", orders=f"{mine.pk}, {other.pk},abc,{mine.pk},,999999")
    assert answer == {
        str(mine.pk): api("status", order=mine.pk),
        str(other.pk): {"error": "Incorrect order ID"},
        "abc": {"error": "Incorrect order ID"},
        "999999": {"error": "Incorrect order ID"},
    }


def test_status_of_none_is_an_empty_object(api: Api) -> None:
    assert api.post({"action": "status", "orders": ","}).content == b"{}"


def test_status_of_a_hundred_takes_two_queries(api: Api, store: Store, django_assert_num_queries) -> None:
    ids = ",".join(str(number) for number in range(1, 101))
    api("balance")
    with django_assert_num_queries(2):
        assert len(api("status", orders=ids)) == 100


@pytest.mark.parametrize("action", ["status", "refill", "cancel"])
def test_a_hundred_and_one_ids_are_refused(api: Api, action: str) -> None:
    ids = ",".join(str(number) for number in range(1, 102))
    assert api(action, orders=ids) == {"error": "Too many IDs: 101. The maximum is 100."}
    assert api("refill_status", refills=ids) == {"error": "Too many IDs: 101. The maximum is 100."}


@pytest.mark.parametrize("order", ["", "999999", "abc", "1.0", "-1", "1" * 40])
def test_status_of_an_order_that_is_none(api: Api, order: str) -> None:
    assert api("status", order=order) == {"error": "Incorrect order ID" if order else "Incorrect request"}


def test_anothers_order_is_as_unknown(api: Api, store: Store) -> None:
    other = strangers_order(store)
    before = store.everything()
    for action in ("status", "refill"):
        assert api(action, order=other.pk) == {"error": "Incorrect order ID"}
    assert api("refill", orders=other.pk) == [{"order": other.pk, "refill": {"error": "Incorrect order ID"}}]
    assert api("cancel", orders=other.pk) == [{"order": other.pk, "cancel": {"error": "Incorrect order ID"}}]
    assert store.everything() == before


def test_refill_and_its_status(api: Api, store: Store) -> None:
    order, plain = store.active(), store.active(PLAIN_SERVICE)
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    first = api("refill", order=order.pk)
    assert first == {"refill": str(order.refills.get().pk)}
    number = int(first["refill"])
    assert api("refill_status", refill=number) == {"status": "Pending"}
    assert api("refill_status", refills=f"{number},77") == [
        {"refill": number, "status": "Pending"},
        {"refill": 77, "status": {"error": "Refill not found"}},
    ]
    many = api("refill", orders=f"{plain.pk},x")
    assert [set(row["refill"]) for row in many] == [{"error"}, {"error"}]
    assert [row["order"] for row in many] == [plain.pk, "x"]


def test_refill_status_of_anothers_is_not_found(api: Api, store: Store) -> None:
    other = strangers_order(store)
    refill = other.refills.create()
    assert api("refill_status", refill=refill.pk) == {"error": "Refill not found"}


def test_cancel_of_a_waiting_order_gives_the_money_back(api: Api, store: Store) -> None:
    order, plain = store.place(), store.active(PLAIN_SERVICE)
    answer = api("cancel", orders=f"{order.pk},{plain.pk},0")
    assert answer[0] == {"order": order.pk, "cancel": 1}
    assert set(answer[1]["cancel"]) == {"error"}
    assert answer[2] == {"order": 0, "cancel": {"error": "Incorrect order ID"}}
    assert store.fresh(order).state == "CANCELED"
    assert store.wallet() == Decimal("99.625")
