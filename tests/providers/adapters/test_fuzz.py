"""Whatever a provider answers: `add` says Placed only for an id and raises only its three errors, reads only theirs.

The key comes back out of none, however it is written. `make fuzz` tries a hundred thousand answers.
"""

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.adapters.base import Placed
from providers.adapters.errors import AdapterError, NotPlaced, OutcomeUnknown, Refused, RetryLater
from providers.adapters.v2 import V2Adapter
from tests.examples import examples
from tests.providers.adapters.answers import KEY, ORDER, adapter_with

NAMES = [
    "order",
    "error",
    "status",
    "refill",
    "cancel",
    "balance",
    "charge",
    "remains",
    "start_count",
    "service",
    "rate",
]
NAMES += ["name", "type", "min", "max", "category", "orders", "runs", "currency", "message", "1", "2", "desc", "id"]
WORDS = ["Completed", "Partial", "Bad link", "Not enough funds on balance", "", "0", "1", "-1", "1.5", "NaN", "01ARZ3"]
WORDS += ["1e400", "Incorrect order ID", "null", "\x00", "\ud800", "<b>", "9" * 70, "1_0", "１", " 5 ", "Infinity"]
ECHOES = [KEY, f"Bad key {KEY}", f"&#{ord(KEY[0])};{KEY[1:]}", f"{KEY[:7]}<b>{KEY[7:]}", f"{KEY[:7]}\u200b{KEY[7:]}"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**30, -(10**30), 10**70]),
    st.floats(),
    st.sampled_from(WORDS),
    st.sampled_from(ECHOES),
    st.text(max_size=10),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=15,
)
ESCAPED = f"\\u{ord(KEY[0]):04x}{KEY[1:]}"
WRITTEN = st.tuples(VALUES, st.booleans()).map(lambda pair: written(*pair))
STATUS_BODIES = st.dictionaries(
    st.sampled_from(["1", "2", "3"]),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("status", "charge", "remains", "error", "currency"), SCALARS)),
)
JSON_BODIES = WRITTEN | st.tuples(STATUS_BODIES, st.booleans()).map(lambda pair: written(*pair))
ADD_BODIES = st.tuples(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("order", "error", "status"), VALUES)), st.booleans()
).map(lambda pair: written(*pair))
AROUND = st.sampled_from(
    [b"", KEY.encode(), b"\xef\xbb\xbf", b"<b>Notice</b>: x[1] {2}\n", b"\xff", b" \r\n", b"}", b"\x00", b"[1]"]
)
BODIES = st.one_of(
    st.binary(),
    JSON_BODIES,
    ADD_BODIES,
    st.tuples(AROUND, JSON_BODIES | ADD_BODIES, AROUND).map(b"".join),
    st.tuples(JSON_BODIES | ADD_BODIES, st.integers(0, 60)).map(lambda pair: pair[0][: pair[1]]),
    st.sampled_from([b"[" * 5000, b'{"order":' * 5000, b'{"order":' + b"1" * 5000 + b"}", b'{"order":1e999999999}']),
)
STATUSES = st.sampled_from([200, 200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503])
HEADERS = st.dictionaries(st.just("retry-after"), st.sampled_from(["5", "-1", "9" * 5000, "１", "soon", "\x00", KEY]))


def written(value: Any, is_escaped: bool) -> bytes:
    """As JSON; where it is escaped, the key is written so that its letters are not in the body."""
    text = json.dumps(value)
    return (text.replace(KEY, ESCAPED) if is_escaped else text).encode()


def outcome_of(call: Callable[[], Any]) -> Any:
    """What the call returns, or the one of the adapter's errors that it raises; any other error is a failure."""
    try:
        return call()
    except (Refused, NotPlaced, OutcomeUnknown, RetryLater) as error:
        return error


def check_error(error: AdapterError) -> None:
    said = str(error) + error.text + error.evidence.excerpt + getattr(error, "candidate", "")
    assert KEY not in said
    said.encode()
    assert "\x00" not in said
    assert len(error.text) <= 300


@examples(600, share=0.4)
@given(body=BODIES, status=STATUSES, headers=HEADERS)
def test_add(body: bytes, status: int, headers: dict[str, str]) -> None:
    adapter, way = adapter_with(body, status=status, headers=headers)
    outcome = outcome_of(lambda: adapter.add(request=ORDER, deadline=1.0))
    assert len(way.asked) == 1
    assert isinstance(outcome, Placed | Refused | NotPlaced | OutcomeUnknown)
    if not isinstance(outcome, Placed):
        check_error(outcome)
        # Where an order is named it may have been bought.
        assert isinstance(outcome, OutcomeUnknown) or not says(body, "order")
        return
    assert KEY not in repr(outcome)
    value = json.loads(body.decode("utf-8-sig"))["order"]
    assert outcome.order_id == str(value)
    assert re.fullmatch("[0-9A-Za-z][0-9A-Za-z_:-]{0,63}", outcome.order_id)
    assert re.search("[1-9]", outcome.order_id)
    assert not isinstance(value, bool | float)
    assert not says(body, "error")
    assert status in {200, 201}


def says(body: bytes, name: str) -> bool:
    """Whether the body is an object with something beneath `name`."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(body.decode("utf-8-sig"))
        return isinstance(value, dict) and bool(value.get(name))
    return False


READS: list[Callable[[V2Adapter], Any]] = [
    lambda adapter: adapter.services(),
    lambda adapter: adapter.status(order_id="1"),
    lambda adapter: adapter.statuses(order_ids=["1", "2"]),
    lambda adapter: adapter.statuses(order_ids=["1"]),
    lambda adapter: adapter.refill(order_id="1"),
    lambda adapter: adapter.refills(order_ids=["1", "2"]),
    lambda adapter: adapter.refill_status(refill_id="1"),
    lambda adapter: adapter.refill_statuses(refill_ids=["1", "2"]),
    lambda adapter: adapter.cancels(order_ids=["1", "2"]),
    lambda adapter: adapter.balance(),
]


@pytest.mark.parametrize("read", READS)
@examples(200, share=0.06)
@given(body=BODIES, status=STATUSES, headers=HEADERS)
def test_reads(read: Callable[[V2Adapter], Any], body: bytes, status: int, headers: dict[str, str]) -> None:
    adapter, _ = adapter_with(body, status=status, headers=headers)
    outcome = outcome_of(lambda: read(adapter))
    if isinstance(outcome, AdapterError):
        assert isinstance(outcome, RetryLater)
        check_error(outcome)
        return
    assert KEY not in repr(outcome)
    assert "\\x00" not in repr(outcome)
    assert "\\ud800" not in repr(outcome)
    if isinstance(outcome, dict):
        assert set(outcome) <= {"1", "2"}
