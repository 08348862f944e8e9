"""What an answer to `add` means: bought, refused, to be sent later, or not known."""

from typing import Any

import pytest

from providers.adapters.base import Placed
from providers.adapters.errors import NotPlaced, OutcomeUnknown, Refused
from tests.providers.adapters.answers import KEY, ORDER, adapter_with, sha256


def add(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Placed:
    return adapter_with(body, status=status, headers=headers)[0].add(request=ORDER, deadline=1.0)


def test_what_is_asked() -> None:
    adapter, way = adapter_with({"order": 1})
    adapter.add(request=ORDER, deadline=77.0)
    (question,) = way.asked
    assert question["form"] == {"service": "1", "link": "https://x.example/p", "quantity": "100", "action": "add"}
    assert question["secrets"]["key"].reveal() == KEY
    assert (question["deadline"], question["fresh"], question["max_bytes"]) == (77.0, True, 1024 * 1024)


@pytest.mark.parametrize(
    ("body", "order_id"),
    [
        (b'{"order": 23501}', "23501"),
        (b'{"order":"23501"}', "23501"),
        (b'{"status":"success","order":23501}', "23501"),
        (b'{"order":23501,"error":null}', "23501"),
        (b'{"order":23501,"error":""}', "23501"),
        (b'{"order":23501,"error":false}', "23501"),
        (b'\xef\xbb\xbf{"order":23501}', "23501"),
        (b' \r\n{"order":23501}\n', "23501"),
        (b'{"order":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}', "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (b'{"order":"550e8400-e29b-41d4-a716-446655440000"}', "550e8400-e29b-41d4-a716-446655440000"),
        (b'{"order":5,"order":5}', "5"),
        (b'{"order":' + b"9" * 64 + b"}", "9" * 64),
    ],
)
def test_placed(body: bytes, order_id: str) -> None:
    placed = add(body)
    assert placed.order_id == order_id
    assert (placed.evidence.http_status, placed.evidence.body_sha256) == (200, sha256(body))


def test_created_is_placed_too() -> None:
    assert add({"order": 7}, status=201).order_id == "7"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Bad link", "order"),
        ("Incorrect link", "order"),
        ("bad LINK", "order"),
        ("Quantity less than minimal 50", "order"),
        ("Quantity more than maximum 10000", "order"),
        ("Incorrect request", "order"),
        ("neworder.error.min_quantity", "order"),
        ("neworder.error.max_quantity", "order"),
        ("neworder.error.invalid_link", "order"),
        ("neworder.error.link_not_found", "order"),
        ("Incorrect service ID", "service_gone"),
        ("incorrect   service id", "service_gone"),
        ("error.incorrect_service_id", "service_gone"),
        ("Disabled service ID", "service_gone"),
        ("neworder.error.service_inactive", "service_gone"),
    ],
)
def test_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        add({"error": text})
    assert (caught.value.code, caught.value.text) == (code, " ".join(text.split()))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Not enough funds on balance", "funds"),
        ("neworder.error.not_enough_funds", "funds"),
        ("low balance", "funds"),
        ("Invalid API key", "key"),
        ("user_inactive", "key"),
        ("Account suspended", "key"),
        ("Too many requests", "busy"),
        ("The service is under maintenance", "busy"),
        ("You have active order with this link. Please wait until order being completed.", "link_busy"),
        ("neworder.error.link_duplicate", "link_busy"),
    ],
)
@pytest.mark.parametrize("order", [{}, {"order": None}, {"order": 0}, {"order": ""}])
def test_not_placed(text: str, reason: str, order: dict[str, Any]) -> None:
    with pytest.raises(NotPlaced) as caught:
        add({"error": text, **order})
    assert (caught.value.reason, caught.value.text) == (reason, text)


@pytest.mark.parametrize("error", [{"message": "Bad link"}, ["Bad link"], {"error": "Bad link"}])
def test_known_texts_are_found_inside_their_wrapping(error: Any) -> None:
    with pytest.raises(Refused, match="Bad link"):
        add({"error": error})


@pytest.mark.parametrize("body", [b"", b"<html>slow down</html>", b'{"error":"slow down"}', b"[]"])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7),
        ("999999999999", 86400),
        ("soon", None),
        ("-5", None),
        ("Wed, 01 Jan 2020 00:00:00 GMT", 0),
        ("Fri, 01 Jan 2999 00:00:00 GMT", 86400),
        ("Mon, 99 Xyz 2020", None),
        ("٣", None),
    ],
)
def test_429_is_busy(body: bytes, header: str | None, seconds: int | None) -> None:
    with pytest.raises(NotPlaced) as caught:
        add(body, status=429, headers={"retry-after": header} if header else {})
    assert (caught.value.reason, caught.value.retry_after) == ("busy", seconds)


@pytest.mark.parametrize("status", [401, 403])
def test_401_and_403_speak_of_the_key_where_they_are_json(status: int) -> None:
    for body in ({"error": "Forbidden"}, {"message": "no"}, {}):
        with pytest.raises(NotPlaced) as caught:
            add(body, status=status)
        assert caught.value.reason == "key"
    for body in (b"<html>", b"", b"[]"):
        with pytest.raises(OutcomeUnknown):
            add(body, status=status)


def test_403_with_a_text_we_know_says_what_the_text_says() -> None:
    with pytest.raises(NotPlaced) as caught:
        add({"error": "Too many requests"}, status=403)
    assert caught.value.reason == "busy"


def test_the_providers_words_are_cleaned() -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        add({"error": "<b>Strange</b>\u0000 \u202eword\ud800 " + "x" * 1000})
    assert caught.value.text.startswith("An error we do not know: Strange word xxx")
    assert len(caught.value.text) < 300
    assert len(caught.value.evidence.excerpt) == 500


def test_characters_that_cannot_be_sent_are_refused_unsent() -> None:
    adapter, way = adapter_with({"order": 1})
    with pytest.raises(Refused, match="cannot be sent"):
        adapter.add(request=type(ORDER)({"link": "https://x.example/\ud800"}), deadline=1.0)
    assert way.asked == []


def test_an_order_cannot_bring_its_own_key() -> None:
    adapter, way = adapter_with({"order": 1})
    with pytest.raises(ValueError, match="key and action"):
        adapter.add(request=type(ORDER)({"key": "x"}), deadline=1.0)
    assert way.asked == []
