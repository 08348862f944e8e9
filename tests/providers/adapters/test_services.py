"""The list of services: what makes sense is read, what does not is rejected with its reason."""

import json
from decimal import Decimal
from typing import Any

import pytest

from providers.adapters.base import RejectedRow, ServiceList, ServiceRow
from providers.adapters.errors import RetryLater
from tests.providers.adapters.answers import adapter_with, sha256

PLAIN = {
    "service": 1,
    "name": "Followers",
    "type": "Default",
    "category": "First Category",
    "rate": "0.90",
    "min": "50",
    "max": "10000",
    "refill": True,
    "cancel": False,
}


def read(body: Any) -> ServiceList:
    found = adapter_with(body)[0].services()
    assert found is not None
    return found


def row(**changes: Any) -> ServiceRow:
    found = read([PLAIN | changes])
    assert found.rejected == []
    return found.services[0]


def rejected(**changes: Any) -> RejectedRow:
    found = read([PLAIN | changes, PLAIN | {"service": "other"}])
    assert [good.external_id for good in found.services] == ["other"]
    (bad,) = found.rejected
    return bad


def test_the_document_s_example() -> None:
    body = json.dumps([PLAIN]).encode()
    assert read(body) == ServiceList(
        services=[
            ServiceRow(
                external_id="1",
                name="Followers",
                type="Default",
                raw_type="Default",
                category="First Category",
                rate=Decimal("0.90"),
                min=50,
                max=10000,
                refill=True,
                cancel=False,
                dripfeed=False,
                description="",
                average_time="",
            )
        ],
        rejected=[],
        digest=sha256(body),
    )


def test_an_unchanged_body_is_not_read_again() -> None:
    body = json.dumps([PLAIN]).encode()
    assert adapter_with(body)[0].services(unless_digest=sha256(body)) is None
    assert adapter_with(body)[0].services(unless_digest=sha256(b"other")) is not None
    with pytest.raises(RetryLater):
        adapter_with(body, status=500)[0].services(unless_digest=sha256(body))


def test_what_is_asked() -> None:
    adapter, way = adapter_with([])
    adapter.services()
    (question,) = way.asked
    assert (question["form"], question["fresh"], question["max_bytes"]) == (
        {"action": "services"},
        False,
        20 * 1024 * 1024,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"service": "1"},
        {"rate": 0.9},
        {"rate": " 0.90 "},
        {"min": 50, "max": 10000},
        {"min": 50.0, "max": "10000.00"},
        {"min": " 50 "},
        {"refill": 1, "cancel": 0},
        {"refill": "true", "cancel": "false"},
        {"refill": "1", "cancel": ""},
        {"cancel": None},
        {"type": "default"},
        {"dripfeed": False},
        {"desc": None, "description": "", "average_time": None},
        {"currency": "USD", "unknown": [1, {"a": 2}]},
        {"name": "<b>Followers</b>"},
        {"name": "\ufeffFollow\x00ers\n"},
        {"name": "\u202eFollowers\u202c"},
    ],
)
def test_spellings_of_the_same(changes: dict[str, Any]) -> None:
    found = row(**changes)
    assert found == row(**({"type": changes["type"]} if "type" in changes else {}))
    assert found.name == "Followers"


def test_the_other_columns() -> None:
    found = row(dripfeed=True, desc="Line 1<br>Line 2", average_time="1 hour", service="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (found.dripfeed, found.description, found.average_time, found.external_id) == (
        True,
        "Line 1\nLine 2",
        "1 hour",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    )
    assert row(description="Words", category=None, average_time=12).description == "Words"
    assert (row(category=7).category, row(category=None).category, row(average_time=12).average_time) == ("7", "", "12")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("⚡ Instagram Followers | Real 👨‍👩‍👧", "⚡ Instagram Followers | Real 👨‍👩‍👧"),
        ("A &amp; B &lt; C", "A & B < C"),
        ("<script>alert(1)</script>Likes", "Likes"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Likes", "Likes"),
        ("<img src=x onerror=alert(1)>Likes", "Likes"),
        ("<&#X200E;b>Likes", "b>Likes"),
        ("<&#X200E;<&#X200E;b>Likes", "b>Likes"),
        ("x" * 10_000, "x" * 300),
        ("", "Service 1"),
        ("<br>", "Service 1"),
        (None, "Service 1"),
        (["a"], "Service 1"),
        ("a\ud800b", "ab"),
    ],
)
def test_names(name: Any, kept: str) -> None:
    assert row(name=name).name == kept


def test_long_texts_are_cut() -> None:
    found = row(description="d" * 9000, category="c" * 900, average_time="a" * 900, type="t" * 900)
    assert [len(text) for text in (found.description, found.category, found.average_time, found.raw_type)] == [
        4000,
        300,
        100,
        100,
    ]


@pytest.mark.parametrize("times", [1, 2])
def test_equal_values_of_other_types_are_told_apart(times: int) -> None:
    values = [True, 1, "1", 1.0, 0, False] * times
    assert [row(name=value).name for value in values] == ["True", "1", "1", "Service 1", "0", "False"] * times
    assert [row(cancel=value).cancel for value in values] == [True, True, True, True, False, False] * times
    assert [rejected(min=value).reason for value in (True, False) * times] == [
        "its minimum or maximum is not a whole number"
    ] * (2 * times)
    assert [row(min=value).min for value in (1, "1", 1.0) * times] == [1] * (3 * times)


@pytest.mark.parametrize(
    ("rate", "kept"),
    [
        ("0", "0"),
        ("8", "8"),
        (8, "8"),
        ("0.0000001", "0.000001"),
        ("1.2345674", "1.234568"),
        ("1.0E-5", "0.00001"),
        ("1000000000", "1000000000"),
    ],
)
def test_rates_round_up_to_a_millionth(rate: Any, kept: str) -> None:
    assert row(rate=rate).rate == Decimal(kept)


def test_a_rate_of_too_many_digits_is_exact_all_the_same() -> None:
    body = json.dumps([PLAIN | {"rate": "RATE"}]).replace('"RATE"', "0." + "3" * 5000)
    assert read(body).services[0].rate == Decimal("0.333334")
    assert read(body.replace("0." + "3" * 5000, "1e-999999")).services[0].rate == Decimal("0.000001")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"min": "100", "max": "50"}, "its minimum is above its maximum"),
        ({"min": 0}, "its minimum is not above 0"),
        ({"min": "-5"}, "its minimum is not above 0"),
        ({"max": "1000000001"}, "its maximum is above 1,000,000,000"),
        ({"max": 10**400}, "its maximum is above 1,000,000,000"),
        ({"min": "many"}, "its minimum or maximum is not a whole number"),
        ({"min": "1_0"}, "its minimum or maximum is not a whole number"),
        ({"min": "５０"}, "its minimum or maximum is not a whole number"),
        ({"max": None}, "its minimum or maximum is not a whole number"),
        ({"max": "10.5"}, "its minimum or maximum is not a whole number"),
        ({"max": True}, "its minimum or maximum is not a whole number"),
        ({"max": [1]}, "its minimum or maximum is not a whole number"),
        ({"rate": "-1"}, "its rate is negative"),
        ({"rate": -0.5}, "its rate is negative"),
        ({"rate": "NaN"}, "its rate is not a number"),
        ({"rate": "Infinity"}, "its rate is not a number"),
        ({"rate": ""}, "its rate is not a number"),
        ({"rate": None}, "its rate is not a number"),
        ({"rate": "1,50"}, "its rate is not a number"),
        ({"rate": True}, "its rate is not a number"),
        ({"rate": {"usd": 1}}, "its rate is not a number"),
        ({"rate": "1000000000.1"}, "its rate is above 1,000,000,000"),
        ({"rate": 100_000_000_000}, "its rate is above 1,000,000,000"),
        ({"rate": "1e99"}, "its rate is above 1,000,000,000"),
    ],
)
def test_rows_without_sense_are_rejected(changes: dict[str, Any], why: str) -> None:
    assert rejected(**changes) == RejectedRow("1", why)


@pytest.mark.parametrize("value", [None, "", 0, -1, True, 1.5, [], {}, "a b", "x" * 65, "1\n", "ä", "\x00", 10**70])
def test_rows_without_an_id_are_rejected(value: Any) -> None:
    assert rejected(service=value) == RejectedRow("", "its id is missing, too long or not an id")


@pytest.mark.parametrize("value", [None, "text", 5, [], True])
def test_what_is_no_row_is_rejected(value: Any) -> None:
    found = read([value, PLAIN])
    assert ([good.external_id for good in found.services], found.rejected) == (
        ["1"],
        [RejectedRow("", "not a service")],
    )


def test_of_rows_with_one_id_none_is_kept() -> None:
    found = read([PLAIN, PLAIN | {"service": 2}, PLAIN | {"service": "1", "rate": "5"}, PLAIN | {"rate": "bad"}])
    assert [good.external_id for good in found.services] == ["2"]
    assert found.rejected == [RejectedRow("1", "listed 3 times")]


def test_the_list_keeps_its_order() -> None:
    assert [good.external_id for good in read([PLAIN | {"service": n} for n in (9, 3, 7)]).services] == ["9", "3", "7"]


def test_a_list_with_gaps_written_as_an_object() -> None:
    assert [good.external_id for good in read({"0": PLAIN, "2": PLAIN | {"service": 2}}).services] == ["1", "2"]


def test_an_empty_list_is_a_list() -> None:
    assert read(b"[]").services == []


@pytest.mark.parametrize(
    "body", [b"{}", b'{"message":"x"}', b"null", b"5", b'"text"', b"", b"<html>", b'[{"service":1']
)
def test_no_list(body: bytes) -> None:
    with pytest.raises(RetryLater) as caught:
        adapter_with(body)[0].services()
    assert caught.value.reason == "broken"


def test_more_rows_than_are_read() -> None:
    assert len(read([PLAIN | {"service": n} for n in range(1, 20_001)]).services) == 20_000
    with pytest.raises(RetryLater, match="20001 rows") as caught:
        adapter_with([PLAIN] * 20_001)[0].services()
    assert caught.value.reason == "broken"
