"""The protocol's words in the spellings they are met in."""

import pytest

from providers.adapters.base import ReportedRefillStatus, ReportedStatus
from providers.adapters.vocabulary import SERVICE_TYPES, classify_error, parse_refill_status, parse_status, service_type


@pytest.mark.parametrize(
    ("spellings", "word"),
    [
        (["Pending", "pending", "PENDING", "Awaiting", 0, "0"], ReportedStatus.PENDING),
        (["Processing", "Process", 1, "1"], ReportedStatus.PROCESSING),
        (
            ["In progress", "Inprogress", "in_progress", "in-progress", "IN PROGRESS", "Active"],
            ReportedStatus.IN_PROGRESS,
        ),
        (["Completed", "Complete", "completed ", 2, "2"], ReportedStatus.COMPLETED),
        (["Partial", "PARTIAL", 3, "3"], ReportedStatus.PARTIAL),
        (["Canceled", "Cancelled", "Cancel", "Refunded", "Refunds", 4, 5, "4", "5"], ReportedStatus.CANCELED),
        (["Fail", "Failed", "Error", "Rejected", "error"], ReportedStatus.FAILED),
        (["Paused"], ReportedStatus.PAUSED),
        (["Expired"], ReportedStatus.EXPIRED),
        (
            ["", "Unknown", "Done", "6", 6, -1, -4, "-4", "_2", "4 5", "Completed!", "Not completed"],
            ReportedStatus.UNKNOWN,
        ),
    ],
)
def test_status_words(spellings: list[object], word: ReportedStatus) -> None:
    for spelling in spellings:
        assert parse_status(spelling) == (word, str(spelling).strip())


@pytest.mark.parametrize("value", [None, True, False, 1.0, [], {"a": 1}, ["Completed"], 10**30])
def test_what_is_no_word_is_unknown(value: object) -> None:
    assert parse_status(value)[0] is ReportedStatus.UNKNOWN


def test_raw_words_are_plain_and_short() -> None:
    assert parse_status("<b>Com\x00pleted</b>") == (ReportedStatus.COMPLETED, "Completed")
    assert len(parse_status("x" * 500)[1]) == 100


@pytest.mark.parametrize(
    ("spellings", "word"),
    [
        (["Pending", "Awaiting"], ReportedRefillStatus.PENDING),
        (["In progress", "in_progress"], ReportedRefillStatus.IN_PROGRESS),
        (["Completed"], ReportedRefillStatus.COMPLETED),
        (["Rejected", "Canceled", "Cancelled", "Error"], ReportedRefillStatus.REJECTED),
        (["", "Soon", "1"], ReportedRefillStatus.UNKNOWN),
    ],
)
def test_refill_words(spellings: list[str], word: ReportedRefillStatus) -> None:
    for spelling in spellings:
        assert parse_refill_status(spelling) == (word, spelling)


def test_service_types() -> None:
    for name in SERVICE_TYPES:
        for spelling in (name, name.lower(), name.upper(), name.replace(" ", "_"), name.replace(" ", "")):
            assert service_type(spelling) == name
    assert service_type("custom_comments") == "Custom Comments"
    assert service_type("Mentions Users Followers") == "Mentions User Followers"
    assert service_type("Subscription") == "Subscriptions"
    assert [service_type(raw) for raw in ("", "Something", "Default 2", "12")] == ["", "", "", ""]


@pytest.mark.parametrize("text", ["", "Order accepted", "Error", "Try again", "keyboard", "linkage", "orders are low"])
def test_texts_of_no_class(text: str) -> None:
    assert classify_error(text) is None
