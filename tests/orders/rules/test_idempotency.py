"""The tokens of the entry points: none can write what another writes."""

import pytest

from orders.rules.idempotency import MAX_TOKEN_LENGTH, api_token, form_token, line_token, page_token, reorder_token

LONG = "a" * 50


@pytest.mark.parametrize(
    "token", [line_token(page=LONG, line=100), api_token(idempotency_key="x" * 200), reorder_token(order_id=2**63)]
)
def test_no_page_writes_the_token_of_another_entry_point(token: str) -> None:
    assert form_token(token) is None
    assert page_token(token) is None
    assert len(token) <= MAX_TOKEN_LENGTH


@pytest.mark.parametrize("text", ["", "a" * 65, "a b" * 8, "a:1", "ä" * 20, "a\n", "a" * 20 + "\x00", "¹" * 20])
def test_what_no_page_of_ours_gave_is_no_token(text: str) -> None:
    assert form_token(text) is None
    assert page_token(text) is None


def test_a_page_of_lines_has_a_longer_token() -> None:
    assert [form_token(text) for text in ("a", "a" * 64)] == ["a", "a" * 64]
    assert [page_token(text) for text in ("a" * 15, "a" * 16, LONG, "a" * 51)] == [None, "a" * 16, LONG, None]


def test_lines_and_clients_never_meet() -> None:
    """Before the colon a page has 16 signs at least, the API three, and a reorder has a space."""
    assert page_token(api_token(idempotency_key="k").partition(":")[0]) is None
    assert page_token(reorder_token(order_id=1).partition(":")[0]) is None
    assert api_token(idempotency_key="k") != api_token(idempotency_key="k2")
