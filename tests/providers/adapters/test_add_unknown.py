"""When the outcome of `add` is not known: every answer that is not understood to the last."""

from typing import Any

import pytest

from providers.adapters.base import Placed
from providers.adapters.errors import OutcomeUnknown
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
        b'{"id":5}',
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
