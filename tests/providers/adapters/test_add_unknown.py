"""When the outcome of `add` is not known: every answer that is not understood to the last."""

from typing import Any

import pytest

from providers.adapters.base import Placed
from providers.adapters.errors import OutcomeUnknown, Refused
from tests.providers.adapters.answers import ORDER, adapter_with, sha256

OTHER_STATUSES = [
    100,
    204,
    206,
    300,
    301,
    302,
    307,
    308,
    400,
    402,
    404,
    409,
    410,
    422,
    451,
    500,
    502,
    503,
    504,
    520,
    999,
]


def add(body: Any, *, status: int = 200) -> Placed:
    return adapter_with(body, status=status)[0].add(request=ORDER, deadline=1.0)


@pytest.mark.parametrize(
    "value",
    [
        b"null",
        b"0",
        b'""',
        b"false",
        b"true",
        b"-1",
        b"[]",
        b"[5]",
        b"{}",
        b"1.5",
        b"5.0",
        b"1e3",
        b'"0"',
        b'"000"',
        b'"-1"',
        b'"1.5"',
        b'" 5"',
        b'"5 "',
        b'"5\\n"',
        b'"5\\u0000"',
        b'"5,6"',
        b'"null"',
        b'"error"',
        b'"success"',
        b'"Not found"',
        b'"<b>5</b>"',
        b'"\xd9\xa5"',
        b'"\\ud800"',
        b"9" * 65,
        b'"' + b"9" * 65 + b'"',
        b"9" * 5000,
        b'"+5"',
    ],
)
def test_an_order_that_is_no_id_is_not_placed(value: bytes) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        add(b'{"order":' + value + b"}")
    assert caught.value.candidate == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"\xef\xbb\xbf",
        b"OK",
        b"23501",
        b'"23501"',
        b"[]",
        b"null",
        b"true",
        b"{}",
        b'{"status":"success"}',
        b'{"message":"done"}',
        b"<html><body>Maintenance</body></html>",
        b'{"order":23501',
        b'{"order":',
        b'{"order":NaN}',
        b'{"order":Infinity}',
        b'{"order":"\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"order":1e99999999999999999999}',
        '{"order":23501}'.encode("utf-16"),
    ],
)
def test_not_understood(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        add(body)
    assert caught.value.candidate == ""
    assert (caught.value.evidence.http_status, caught.value.evidence.body_sha256) == (200, sha256(body))


@pytest.mark.parametrize(
    ("body", "status", "candidate"),
    [
        (b'<b>Notice</b>: x in <b>/a[1].php</b> on line <b>3</b><br />\n{"order":23501}', 200, "23501"),
        (b'Warning: x\n{"order": "AB12" }', 200, "AB12"),
        (b'{"order":23501}<!-- served in 3 ms -->', 200, "23501"),
        (b'{"order":1}\n{"order":2}', 200, ""),
        (b'Notice {"order":0}', 200, ""),
        (b'{"order":23501,"error":"Something"}', 200, "23501"),
        (b'{"error":"Not enough funds on balance","order":23501}', 200, "23501"),
        (b'{"error":{"message":"Bad link"},"order":"23501"}', 200, "23501"),
        (b'{"order":1,"order":2}', 200, ""),
        (b'{"order":23501,"order":null}', 200, "23501"),
        (b'{"order":23501,"status":"error"}', 200, "23501"),
        (b'{"order":23501,"status":"fail"}', 200, "23501"),
        (b'{"order":23501,"status":false}', 200, "23501"),
        (b'{"data":{"order":23501}}', 200, "23501"),
        (b'[{"order":23501}]', 200, "23501"),
        (b'{"order":23501}', 202, "23501"),
        (b'{"order":23501}', 302, "23501"),
        (b'{"order":23501}', 400, "23501"),
        (b'{"order":23501}', 401, "23501"),
        (b'{"order":23501}', 429, "23501"),
        (b'Notice {"order":23501}', 429, "23501"),
        (b'{"order":NaN}', 429, ""),
        (b'{"order":23501}', 500, "23501"),
        (b'{"order":23501}', 503, "23501"),
    ],
)
def test_a_doubtful_order_is_a_candidate(body: bytes, status: int, candidate: str) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        add(body, status=status)
    assert caught.value.candidate == candidate
    assert caught.value.evidence.http_status == status


@pytest.mark.parametrize("status", OTHER_STATUSES)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"error":"Not enough funds on balance"}', b'{"error":"Bad link"}']
)
def test_other_http_statuses_say_nothing(status: int, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        add(body, status=status)
    assert caught.value.evidence.http_status == status


@pytest.mark.parametrize(
    "error",
    [
        "Something new",
        "Error",
        "1",
        {"code": 5},
        {"message": "whatever"},
        ["x"],
        5,
        True,
        "Incorrect order ID",
        "Refill not found",
    ],
)
def test_an_error_of_no_known_text_is_not_understood(error: Any) -> None:
    with pytest.raises(OutcomeUnknown, match="An error we do not know"):
        add({"error": error})


@pytest.mark.parametrize(
    "body",
    [
        b'{"order":{"id":5}}',
        b'{"order_id":5}',
        b'{"orderId":"5"}',
        b'{"order":"#5"}',
        b'{"success":true,"id":5}',
        b'{"data":{"order":5}}',
    ],
)
def test_an_id_under_another_name_or_in_a_wrapper_is_a_candidate(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        add(body)
    assert caught.value.candidate == "5"


ACCEPTED = [
    ({"order_id": 12345}, "It names an order: 12345.", "12345"),
    ({"orderId": "12345"}, "It names an order: 12345.", "12345"),
    ({"id": 12345}, "It names an order: 12345.", "12345"),
    ({"data": {"order": 12345}}, "It names an order: 12345.", "12345"),
    ({"response": {"data": {"order_id": 12345}}}, "It names an order: 12345.", "12345"),
    ({"orders": [{"id": 12345}]}, "It names an order: 12345.", "12345"),
    ({"success": True}, "It speaks of success.", ""),
    ({"status": "success"}, "It speaks of success.", ""),
    ({"result": 1}, "It speaks of success.", ""),
    ({"message": "Order placed"}, "It says “placed”.", ""),
    ({"data": {"message": ["Queued, thank you"]}}, "It says “Queued”.", ""),
]
DENIED = [
    (200, "Not enough funds"),
    (200, "Bad link"),
    (200, "Incorrect service ID"),
    (403, "Forbidden"),
    (429, "Slow"),
]


@pytest.mark.parametrize(("status", "error"), DENIED)
@pytest.mark.parametrize(("sign", "text", "candidate"), ACCEPTED)
def test_no_error_is_believed_beside_a_sign_of_acceptance(
    status: int, error: str, sign: dict[str, Any], text: str, candidate: str
) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        add({"error": error, **sign}, status=status)
    assert (caught.value.text, caught.value.candidate) == (f"{error} {text}", candidate)


@pytest.mark.parametrize(
    "body",
    [
        {"error": "Your order was received, but: not enough funds"},
        {"error": {"message": "Invalid link", "status": "created"}},
        b'{"error":"Too many requests","order_id":12345',
        b'<p>Slow down</p>{"id":"12345"}',
        b'{"error":"Too many requests","order":[',
        b'[{"order":12345}]',
        b"[12345]",
        b"12345",
    ],
)
def test_a_sign_counts_at_429_and_in_an_answer_that_broke_off(body: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        add(body, status=429)


@pytest.mark.parametrize(
    "extra",
    [
        {"success": False},
        {"status": "error"},
        {"status": 0, "order": None},
        {"data": None},
        {"order_id": 0},
        {"service": 5, "quantity": "100"},
        {"deep": {"deeper": {"deepest": {"order": 5}}}},
    ],
)
def test_what_is_no_sign_leaves_a_refusal_one(extra: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        add({"error": "Bad link", **extra})
