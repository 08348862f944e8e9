"""The protocol's words in the spellings they are met in."""

import pytest

from providers.adapters.base import RefillWord, StatusWord
from providers.adapters.words import SERVICE_TYPES, error_class, refill_word, service_type, status_word


@pytest.mark.parametrize(
    ("spellings", "word"),
    [
        (["Pending", "pending", "PENDING", "Awaiting", 0, "0"], StatusWord.PENDING),
        (["Processing", "Process", 1, "1"], StatusWord.PROCESSING),
        (["In progress", "Inprogress", "in_progress", "in-progress", "IN PROGRESS", "Active"], StatusWord.IN_PROGRESS),
        (["Completed", "Complete", "completed ", 2, "2"], StatusWord.COMPLETED),
        (["Partial", "PARTIAL", 3, "3"], StatusWord.PARTIAL),
        (["Canceled", "Cancelled", "Cancel", "Refunded", "Refunds", 4, 5, "4", "5"], StatusWord.CANCELED),
        (["Fail", "Failed", "Error", "Rejected", "error"], StatusWord.FAILED),
        (["Paused"], StatusWord.PAUSED),
        (["Expired"], StatusWord.EXPIRED),
        (["", "Unknown", "Done", "6", 6, -1, -4, "-4", "_2", "4 5", "Completed!", "Not completed"], StatusWord.UNKNOWN),
    ],
)
def test_status_words(spellings: list[object], word: StatusWord) -> None:
    for spelling in spellings:
        assert status_word(spelling) == (word, str(spelling).strip())


@pytest.mark.parametrize("value", [None, True, False, 1.0, [], {"a": 1}, ["Completed"], 10**30])
def test_what_is_no_word_is_unknown(value: object) -> None:
    assert status_word(value)[0] is StatusWord.UNKNOWN


def test_raw_words_are_plain_and_short() -> None:
    assert status_word("<b>Com\x00pleted</b>") == (StatusWord.COMPLETED, "Completed")
    assert len(status_word("x" * 500)[1]) == 100


@pytest.mark.parametrize(
    ("spellings", "word"),
    [
        (["Pending", "Awaiting"], RefillWord.PENDING),
        (["In progress", "in_progress"], RefillWord.IN_PROGRESS),
        (["Completed"], RefillWord.COMPLETED),
        (["Rejected", "Canceled", "Cancelled", "Error"], RefillWord.REJECTED),
        (["", "Soon", "1"], RefillWord.UNKNOWN),
    ],
)
def test_refill_words(spellings: list[str], word: RefillWord) -> None:
    for spelling in spellings:
        assert refill_word(spelling) == (word, spelling)


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
    assert error_class(text) is None
