"""Whatever is sent to the API: JSON, never a 5xx, never the key; an error has moved nothing. `make fuzz` sends 100,000.

Among it are the traps of Python and of the databases: numbers that `int` and `Decimal` take and we do not, NUL,
lone surrogates, arrays, repeated names, names without end, charsets that are none.
"""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from orders.tasks import check_books
from panel.ops.models import Alert
from tests.examples import examples
from tests.fixtures_orders import LINK, Store
from tests.orders.api.conftest import ADDRESS, Api

FORM, JSON, PARTS = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"
KINDS = [FORM, FORM, FORM, JSON, JSON, PARTS, f"{FORM}; charset=utf-7", f"{JSON}; charset=none", "text/plain", ""]
OUR_KEY = "\0key"
"""Stands for the caller's key, which is only known when the test runs."""
TRAPS = ["1_000", "１２", " 5 ", "NaN", "Infinity", "-Infinity", "1E+999999", "9" * 5000, "-1", "0", "1e3", "0x10"]
TRAPS += ["\x00", "\ud800", "a\x00b", "null", "undefined", "true", LINK, "javascript:alert(1)", "a\nb\n" * 50, OUR_KEY]
TRAPS += ["x" * 3000, "\u202e", "' OR 1=1 --", "{{7*7}}", "%00", "https://[::1", "https://a.b/\udfff", "[1]", "+50"]
NUMBERS = st.one_of(
    st.sampled_from(["1", "2", "3", "4", "50", "1000", "1,2,3", "1," * 150]), st.integers(-5, 10**20).map(str)
)
TEXTS = st.one_of(st.sampled_from(TRAPS), NUMBERS, st.text(max_size=30))
IDS = TEXTS.filter(lambda text: text != OUR_KEY)  # an id that is none is told back as it was given
ACTIONS = ["services", "add", "add", "add", "status", "refill", "refill_status", "cancel", "balance"]
NAMES = ["comments", "username", "usernames", "hashtag", "media", "answer_number", "min", "max", "posts", "expiry"]
NAMES += ["runs", "interval", "idempotency_key", "country", "device", "google_keyword", "groups", "old_posts", "delay"]
WORDS = st.fixed_dictionaries(
    {"action": st.sampled_from(ACTIONS) | TEXTS},
    optional={
        "key": st.just(OUR_KEY) | TEXTS,
        "service": NUMBERS | TEXTS,
        "link": st.just(LINK) | TEXTS,
        "quantity": NUMBERS | TEXTS,
        **dict.fromkeys(("order", "orders", "refill", "refills"), IDS),
        **dict.fromkeys(NAMES, TEXTS),
    },
)
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
RAW = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [b"[" * 5000, b'{"key":' * 5000, b'{"key":NaN}', b'{"key":' + b"1" * 5000 + b"}", b"key=%ff&key[]=1"]
    ),
    st.just(b"&".join(b"a%d=1" % number for number in range(1500))),
)


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """A call: mostly of the caller's own key, mostly a form or an object that means something."""
    kind, words = draw(st.sampled_from(KINDS)), dict(draw(WORDS))
    if draw(st.integers(0, 9)):
        words["key"] = OUR_KEY
    if draw(st.booleans()) and words["action"] == "add":
        words |= {"service": draw(st.sampled_from(["1", "2", "3", "4"])), "link": LINK}
    twist = draw(st.integers(0, 11))
    if twist == 0:
        words[draw(st.sampled_from(sorted(words)))] = draw(NESTED)
    return {
        "method": draw(st.sampled_from(["POST"] * 15 + ["GET", "PUT", "HEAD", "OPTIONS", "DELETE"])),
        "kind": kind,
        "words": words,
        "ending": draw(st.sampled_from(["[]", "[0]", "[a]"])) if twist == 1 else "",
        "doubled": twist == 2,
        "raw": draw(RAW) if twist == 3 else None,
        "query": draw(st.sampled_from(["", "", "", "", "?key=1", "?action=balance", "?%00=%ff"])),
        "idempotency": draw(st.none() | st.sampled_from(["once", "x" * 300, "１"])),
    }


def body_of(call: dict[str, Any], key: str) -> bytes:
    if call["raw"] is not None:
        return bytes(call["raw"])
    words = {name + call["ending"]: key if value == OUR_KEY else value for name, value in call["words"].items()}
    if "json" in call["kind"]:
        return json.dumps(words).encode()
    if "multipart" in call["kind"]:
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in words.items()
        ]
        return "".join([*parts, "--x--\r\n"]).encode(errors="surrogatepass")
    pairs = [(name, str(value)) for name, value in words.items()] * (2 if call["doubled"] else 1)
    return urlencode(pairs, errors="surrogatepass").encode()


BOOKS = """
SELECT (SELECT SUM(balance) FROM wallet_account), (SELECT COUNT(*) FROM wallet_transfer),
    (SELECT COUNT(*) FROM orders_order), (SELECT COUNT(*) FROM orders_refill),
    (SELECT COUNT(*) FROM orders_cancellation)
"""


def books() -> tuple[Any, ...]:
    """What an error leaves as it was, in one query: it is asked after each call."""
    with connection.cursor() as cursor:
        cursor.execute(BOOKS)
        found: tuple[Any, ...] = cursor.fetchone()
    return found


@pytest.fixture
def _no_limits(settings: Any) -> None:
    settings.API_CALLS_PER_10_SECONDS = settings.API_ADD_PER_10_SECONDS = settings.API_SERVICES_PER_MINUTE = 0


@pytest.mark.usefixtures("_no_limits")
def test_whatever_is_sent(api: Api, store: Store) -> None:
    shelf = {str(number): str(store.service(str(number)).pk) for number in range(1, 5)}
    store.active()
    client, before = Client(raise_request_exception=True), [books()]

    @examples(400)
    @given(call=calls())
    def send(call: dict[str, Any]) -> None:
        if "service" in call["words"]:
            named = call["words"]["service"]
            call["words"]["service"] = shelf.get(named, named) if isinstance(named, str) else named
        headers = {"HTTP_IDEMPOTENCY_KEY": call["idempotency"]} if call["idempotency"] else {}
        answer = client.generic(
            call["method"], ADDRESS + call["query"], body_of(call, api.key), content_type=call["kind"], **headers
        )
        assert answer.status_code < 500
        assert api.key.encode() not in answer.content
        assert answer["Content-Type"] == "application/json"
        said = json.loads(answer.content) if answer.content else {"error": ""}  # nothing comes to HEAD
        assert isinstance(said, dict | list)
        if call["method"] != "POST" or (isinstance(said, dict) and set(said) == {"error"}):
            assert books() == before[-1]
        before[:] = [books()]

    send()
    check_books()
    assert not Alert.objects.filter(subject="books", closed_at=None).exists()
