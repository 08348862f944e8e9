"""Refills, their status, cancels and the balance."""

from decimal import Decimal
from typing import Any

import pytest

from providers.adapters.base import Accepted, Balance, ItemError, RefillStatus, ReportedRefillStatus
from providers.adapters.errors import RetryLater
from tests.providers.adapters.answers import adapter_with

WRONG = ItemError("Incorrect order ID")


def is_broken(call: Any, **arguments: Any) -> None:
    with pytest.raises(RetryLater) as caught:
        call(**arguments)
    assert caught.value.reason == "broken"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"refill": "1"}, "1"),
        ({"refill": 1}, "1"),
        ({"refill": "01ARZ3"}, "01ARZ3"),
        ([{"order": 9, "refill": 1}], "1"),
        ({"9": 1}, "1"),
        ({"error": "Incorrect order ID"}, WRONG),
        ({"refill": {"error": "Incorrect order ID"}}, WRONG),
        ({"refill": "Incorrect order ID"}, WRONG),
        (b'"Incorrect order ID"', WRONG),
    ],
)
def test_refill(body: Any, answer: Any) -> None:
    adapter, way = adapter_with(body)
    assert adapter.refill(order_id="9") == answer
    assert (way.asked[0]["form"], way.asked[0]["fresh"]) == ({"action": "refill", "order": "9"}, True)


@pytest.mark.parametrize(
    "body", [{}, [], {"refill": None}, {"refill": 0}, {"refill": True}, {"status": "success"}, b"", b"1"]
)
def test_a_refill_without_an_id(body: Any) -> None:
    is_broken(adapter_with(body)[0].refill, order_id="9")


@pytest.mark.parametrize(
    "body",
    [
        [
            {"order": 1, "refill": 1},
            {"order": "2", "refill": "22"},
            {"order": 3, "refill": {"error": "Incorrect order ID"}},
        ],
        [{"order": 1, "refill": 1}, {"order": 2, "refill": 22}, {"order": 3, "error": "Incorrect order ID"}],
        [{"order": 1, "refill": 1}, {"order": 2, "refill": 22}, {"order": 3, "refill": "Incorrect order ID"}],
        {"1": 1, "2": "22", "3": "Incorrect order ID"},
        {"1": {"refill": 1}, "2": {"refill": "22"}, "3": {"error": "Incorrect order ID"}},
    ],
)
def test_refills(body: Any) -> None:
    adapter, way = adapter_with(body)
    assert adapter.refills(order_ids=["1", "2", "3", "4"]) == {"1": "1", "2": "22", "3": WRONG}
    assert (way.asked[0]["form"], way.asked[0]["fresh"]) == ({"action": "refill", "orders": "1,2,3,4"}, True)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"status": "Completed"}, RefillStatus("5", ReportedRefillStatus.COMPLETED, "Completed")),
        ({"5": {"status": "Pending"}}, RefillStatus("5", ReportedRefillStatus.PENDING, "Pending")),
        ([{"refill": 5, "status": "Rejected"}], RefillStatus("5", ReportedRefillStatus.REJECTED, "Rejected")),
        ({"status": "Odd"}, RefillStatus("5", ReportedRefillStatus.UNKNOWN, "Odd")),
        ({"status": None}, RefillStatus("5", ReportedRefillStatus.UNKNOWN, "")),
        ({"status": {"error": "Refill not found"}}, ItemError("Refill not found")),
        ({"error": "Refill not found"}, ItemError("Refill not found")),
    ],
)
def test_refill_status(body: Any, answer: Any) -> None:
    adapter, way = adapter_with(body)
    assert adapter.refill_status(refill_id="5") == answer
    assert (way.asked[0]["form"], way.asked[0]["fresh"]) == ({"action": "refill_status", "refill": "5"}, False)


@pytest.mark.parametrize(
    "body",
    [
        [
            {"refill": 1, "status": "Completed"},
            {"refill": "2", "status": "Error"},
            {"refill": 3, "status": {"error": "Refill not found"}},
        ],
        {"1": {"status": "Completed"}, "2": {"status": "Error"}, "3": {"error": "Refill not found"}},
        {"1": "Completed", "2": "Error", "3": "Refill not found"},
    ],
)
def test_refill_statuses(body: Any) -> None:
    adapter, way = adapter_with(body)
    assert adapter.refill_statuses(refill_ids=["1", "2", "3", "4"]) == {
        "1": RefillStatus("1", ReportedRefillStatus.COMPLETED, "Completed"),
        "2": RefillStatus("2", ReportedRefillStatus.REJECTED, "Error"),
        "3": ItemError("Refill not found"),
    }
    assert way.asked[0]["form"] == {"action": "refill_status", "refills": "1,2,3,4"}


@pytest.mark.parametrize(
    "body",
    [
        [{"order": 9, "cancel": {"error": "Incorrect order ID"}}, {"order": 2, "cancel": 1}],
        [{"order": "9", "cancel": "Incorrect order ID"}, {"order": "2", "cancel": "1"}],
        [{"order": 9, "error": "Incorrect order ID"}, {"order": 2, "cancel": True}],
        {"9": {"error": "Incorrect order ID"}, "2": {"cancel": 1}},
        {"9": "Incorrect order ID", "2": True},
        {"9": {"cancel": {"error": "Incorrect order ID"}}, "2": "success"},
    ],
)
def test_cancels(body: Any) -> None:
    adapter, way = adapter_with(body)
    assert adapter.cancels(order_ids=["9", "2", "4"]) == {"9": WRONG, "2": Accepted()}
    assert (way.asked[0]["form"], way.asked[0]["fresh"]) == ({"action": "cancel", "orders": "9,2,4"}, True)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"cancel": True}, Accepted()),
        ({"cancel": 1}, Accepted()),
        ({"cancel": "true"}, Accepted()),
        ({"cancel": False}, ItemError("not accepted")),
        ({"cancel": 0}, ItemError("not accepted")),
        ({"cancel": None}, ItemError("not accepted")),
        ({"cancel": {"error": "Not now"}}, ItemError("Not now")),
        ({"cancel": "Not now"}, ItemError("Not now")),
    ],
)
def test_one_word_for_all_cancels(body: Any, answer: Any) -> None:
    assert adapter_with(body)[0].cancels(order_ids=["1", "2"]) == {"1": answer, "2": answer}


@pytest.mark.parametrize("body", [{"error": "Something"}, {"status": "success"}, b"", b"true", {"5": 1}, ["1"]])
def test_batches_without_sense(body: Any) -> None:
    adapter, _ = adapter_with(body)
    is_broken(adapter.cancels, order_ids=["1", "2"])
    is_broken(adapter.refills, order_ids=["1", "2"])
    is_broken(adapter.refill_statuses, refill_ids=["1", "2"])


@pytest.mark.parametrize(
    ("body", "balance"),
    [
        ({"balance": "100.84292", "currency": "USD"}, Balance(Decimal("100.84292"), "USD")),
        ({"balance": 100.84292, "currency": "usd"}, Balance(Decimal("100.84292"), "USD")),
        ({"balance": 7, "currency": "IRT"}, Balance(Decimal(7), "IRT")),
        ({"balance": "-3.5"}, Balance(Decimal("-3.5"), "")),
        ({"balance": "0", "currency": None}, Balance(Decimal(0), "")),
        ({"balance": "1.23456789", "currency": "<b>EUR</b>", "status": "success"}, Balance(Decimal("1.234568"), "EUR")),
        (b'\xef\xbb\xbf{"balance":"1"}', Balance(Decimal(1), "")),
        (b'Deprecated: {x} in [y]\n{"balance":"1"}', Balance(Decimal(1), "")),
        (b'Notice: [] of {} in [0]\n{"balance":"1"}\n', Balance(Decimal(1), "")),
    ],
)
def test_balance(body: Any, balance: Balance) -> None:
    adapter, way = adapter_with(body)
    assert adapter.balance() == balance
    assert way.asked[0]["form"] == {"action": "balance"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"balance": None},
        {"balance": ""},
        {"balance": "1,000.00"},
        {"balance": "$5"},
        {"balance": True},
        [],
        b"5",
        b"",
        {"balance": "1e15"},
        {"error": "Something"},
        b'{"balance":NaN}',
        b'{"balance":1e9999999999999999999999}',
    ],
)
def test_no_balance(body: Any) -> None:
    is_broken(adapter_with(body)[0].balance)


@pytest.mark.parametrize(
    ("body", "status", "reason", "text"),
    [
        ({"error": "Invalid API key"}, 200, "key", "Invalid API key"),
        ({"error": "Invalid API key"}, 401, "key", "Invalid API key"),
        ({"error": "No"}, 403, "key", "No"),
        (b"<html>", 403, "broken", "HTTP 403."),
        ({"error": "Too many requests"}, 200, "busy", "Too many requests"),
        (b"", 429, "busy", "HTTP 429."),
        ({"error": "Maintenance"}, 503, "busy", "Maintenance"),
        ({"balance": "1"}, 500, "broken", "HTTP 500."),
        ({"balance": "1"}, 302, "broken", "HTTP 302."),
        ({"balance": "1"}, 404, "broken", "HTTP 404."),
        (b"<html>", 200, "broken", "The answer is not JSON."),
        (b"", 200, "broken", "The answer is empty."),
    ],
)
def test_answers_as_a_whole(body: Any, status: int, reason: str, text: str) -> None:
    adapter, _ = adapter_with(body, status=status, headers={"retry-after": "9"})
    with pytest.raises(RetryLater) as caught:
        adapter.balance()
    assert (caught.value.reason, caught.value.text, caught.value.retry_after) == (reason, text, 9)
    assert caught.value.evidence.http_status == status
