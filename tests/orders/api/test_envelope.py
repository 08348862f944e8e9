"""What stands around every call: the key, the form of the request, the limits. Whatever comes, JSON goes out."""

import json
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.api import actions
from panel.customers.keys import issue_key, revoke_key
from panel.customers.models import ApiKey
from tests.fixtures_orders import LINK, Store
from tests.orders.api.conftest import ADDRESS, Api

WRONG = {"error": "Invalid API key"}


@pytest.mark.parametrize("address", ["/api/v2", "/api/v2/"])
def test_both_addresses_answer(api: Api, address: str) -> None:
    answer = api.client.post(address, {"key": api.key, "action": "balance"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == {"balance": "100", "currency": "USD"}


def test_the_classic_programs_header_is_welcome(api: Api) -> None:
    agent = "Mozilla/4.0 (compatible; MSIE 5.01; Windows NT 5.0)"
    assert api.post({"action": "balance"}, HTTP_USER_AGENT=agent).status_code == 200


def test_it_needs_no_cookie_and_sets_none(api: Api, store: Store) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(store.customer)
    assert strict.post(ADDRESS, {"action": "balance"}).json() == WRONG
    answer = strict.post(ADDRESS, {"key": api.key, "action": "balance"})
    assert answer.json()["balance"] == "100"
    assert not answer.cookies


@pytest.mark.parametrize("key", ["", "undefined", "nonsense", "pk_aaaaaaaa_" + "a" * 43])
def test_a_wrong_key(api: Api, store: Store, key: str) -> None:
    before = store.everything()
    words = {"key": key, "action": "add", "service": store.service().pk, "link": LINK, "quantity": 1000}
    answer = api.client.post(ADDRESS, words)
    assert (answer.status_code, answer.json()) == (200, WRONG)
    assert store.everything() == before


def test_wrong_keys_are_slowed_down_by_address_and_right_ones_are_not(api: Api) -> None:
    answers = [api.client.post(ADDRESS, {"key": "wrong", "action": "balance"}) for _ in range(31)]
    assert [answer.status_code for answer in answers[:30]] == [200] * 30
    assert answers[30].status_code == 429
    assert answers[30].json() == {"error": "Too many requests"}
    other = api.client.post(ADDRESS, {"key": "wrong", "action": "balance"}, REMOTE_ADDR="203.0.113.9")
    assert other.status_code == 200
    assert api("balance")["balance"] == "100"


def test_the_addresses_of_one_ipv6_network_are_slowed_down_as_one(api: Api) -> None:
    """Whoever has one has 2**64 of them."""
    asked = [f"2001:db8:1:2::{number:x}" for number in range(1, 32)]
    answers = [api.client.post(ADDRESS, {"key": "wrong", "action": "balance"}, REMOTE_ADDR=one) for one in asked]
    assert [answer.status_code for answer in answers[29:]] == [200, 429]
    other = api.client.post(ADDRESS, {"key": "wrong", "action": "balance"}, REMOTE_ADDR="2001:db8:1:3::1")
    assert other.status_code == 200


def test_a_revoked_key(api: Api) -> None:
    revoke_key(key=ApiKey.objects.get(), actor="test", now=timezone.now())
    assert api("balance") == WRONG


def test_a_key_in_the_address_is_refused_and_not_used(api: Api, store: Store) -> None:
    before = store.everything()
    for send in (api.client.get, api.client.post):
        answer = send(f"{ADDRESS}?key={api.key}&action=balance")
        assert answer.status_code == 400
        assert "not in the URL" in answer.json()["error"]
        assert api.key not in answer.content.decode()
    assert store.everything() == before


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "options"])
def test_only_post(api: Api, method: str) -> None:
    answer = getattr(api.client, method)(ADDRESS)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer.json() == {"error": "Incorrect request"}


@pytest.mark.parametrize("action", ["", "nonsense", "ADD", "__init__"])
def test_an_action_that_is_none(api: Api, action: str) -> None:
    assert api(action) == {"error": "Incorrect request"}


def test_a_key_that_may_only_read(api: Api, store: Store) -> None:
    issued = issue_key(customer=store.customer, name="Eyes", actor="test", is_read_only=True, now=timezone.now())
    eyes = Api(issued.secret.reveal(), api.client)
    before = store.everything()
    assert eyes("balance")["balance"] == "100"
    for action in ("add", "refill", "cancel"):
        assert eyes(action, service=store.service().pk, link=LINK, quantity=1000, orders="1") == {
            "error": "This API key may only read"
        }
    assert store.everything() == before


@pytest.mark.parametrize(
    "words",
    [
        {"action": "status", "orders": "7"},
        {"action": "status", "orders": 7, "link": None, "extra": True},
    ],
)
def test_parameters_as_json(api: Api, words: dict[str, Any]) -> None:
    answer = api.client.post(ADDRESS, json.dumps({"key": api.key, **words}), content_type="application/json")
    assert answer.json() == {"7": {"error": "Incorrect order ID"}}


@pytest.mark.parametrize(
    "body", ["[]", "7", "{", '{"key": []}', '{"key": {"a": 1}}', '{"key": NaN}', "[" * 100_000, b"\xff\xfe"]
)
def test_json_that_is_no_call(api: Api, body: str) -> None:
    answer = api.client.post(ADDRESS, body, content_type="application/json")
    assert (answer.status_code, answer.json()) == (200, {"error": "Incorrect request"})


def test_too_large_a_body(api: Api, store: Store) -> None:
    before = store.everything()
    for kind in ("application/x-www-form-urlencoded", "application/json"):
        answer = api.client.post(ADDRESS, "comments=" + "x" * 2_000_000, content_type=kind)
        assert (answer.status_code, answer.json()) == (413, {"error": "This request is too large"})
    assert store.everything() == before


def test_too_many_parameters_and_broken_multipart(api: Api) -> None:
    many = "&".join(f"a{number}=1" for number in range(1000))
    for body, kind in [
        (many, "application/x-www-form-urlencoded"),
        ("--x\r\n", "multipart/form-data"),
        ("--x\r\nnonsense", "multipart/form-data; boundary=x"),
        ("a=1", "application/x-www-form-urlencoded; charset=nonsense"),
    ]:
        answer = api.client.generic("POST", ADDRESS, body, content_type=kind)
        assert answer.status_code in {200, 400}
        assert set(answer.json()) == {"error"}


def test_limits_are_told_and_kept(api: Api, settings: Any) -> None:
    settings.API_CALLS_PER_10_SECONDS = 3
    answers = [api.post({"action": "balance"}) for _ in range(4)]
    while {answer.status_code for answer in answers} == {200}:  # a new window began in between
        answers = [*answers[1:], api.post({"action": "balance"})]
    over = answers[-1]
    assert (over.status_code, over.json()) == (429, {"error": "Too many requests"})
    assert (over["RateLimit-Limit"], over["RateLimit-Remaining"]) == ("3", "0")
    assert 1 <= int(over["Retry-After"]) <= 10
    settings.API_CALLS_PER_10_SECONDS = 0
    assert not api.post({"action": "balance"}).has_header("RateLimit-Limit")


def test_a_fault_of_ours_is_told_in_json(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(error: Exception) -> actions.Action:
        def run(call: actions.Call) -> None:
            raise error

        return actions.Action(run)

    for error, status in [(RuntimeError("secret"), 500), (DatabaseError("secret"), 503)]:
        monkeypatch.setitem(actions.ACTIONS, "balance", fail(error))
        answer = api.post({"action": "balance"})
        assert answer.status_code == status
        assert "Check whether the order was placed" in answer.json()["error"]
        assert "secret" not in answer.content.decode()


WORDS = st.dictionaries(
    st.sampled_from(["action", "service", "link", "quantity", "orders", "order", "refill", "refills", "runs"]),
    st.one_of(
        st.sampled_from([*actions.ACTIONS, "1", LINK, "\x00"]),
        st.text(max_size=40),
        st.integers().map(str),
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS, as_json=st.booleans())
def test_whatever_is_sent_is_answered_in_json(api: Api, words: dict[str, str], as_json: bool) -> None:
    if as_json:
        body = json.dumps({"key": api.key, **words})
        answer = api.client.post(ADDRESS, body, content_type="application/json")
    else:
        answer = api.post(words)
    assert answer.status_code in {200, 429}
    assert isinstance(answer.json(), dict | list)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(
        ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    ),
)
def test_whatever_the_body_is(api: Api, body: bytes, kind: str) -> None:
    answer = api.client.generic("POST", ADDRESS, body, content_type=kind)
    assert answer.status_code in {200, 400, 429}
    assert set(answer.json()) == {"error"}
