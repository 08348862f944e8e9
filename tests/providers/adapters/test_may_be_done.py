"""A refill or a cancel without a sensible answer: whether it may have been carried out all the same."""

from collections.abc import Callable
from typing import Any

import pytest

from panel.lib.secret import Secret
from providers.adapters.errors import RetryLater
from providers.adapters.v2 import V2Adapter
from tests.providers.adapters.answers import KEY, adapter_with
from tests.scripted import Act, close, closed_port, reset, scripted

CALLS: list[Callable[[V2Adapter], Any]] = [
    lambda adapter: adapter.refills(order_ids=["1", "2"]),
    lambda adapter: adapter.cancels(order_ids=["1", "2"]),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("body", "status", "may_be_done"),
    [
        ({"error": "Invalid API key"}, 200, False),
        ({"error": "No"}, 403, False),
        ({"error": "Too many requests"}, 200, False),
        (b"", 429, False),
        ({"error": "Under maintenance"}, 503, False),
        (b"<html>", 503, True),
        (b"<html>", 500, True),
        (b"<html>", 200, True),
        (b"", 200, True),
        (b"", 302, True),
        ({"error": "Something went wrong"}, 200, True),
    ],
)
def test_by_answer(call: Callable[[V2Adapter], Any], body: Any, status: int, may_be_done: bool) -> None:
    with pytest.raises(RetryLater) as caught:
        call(adapter_with(body, status=status)[0])
    assert caught.value.may_be_done is may_be_done


@pytest.mark.parametrize("act", [close, reset])
def test_a_request_that_left_may_be_done(act: Act) -> None:
    with scripted(act) as server, pytest.raises(RetryLater) as caught:
        at(server.url).refills(order_ids=["1"])
    assert (caught.value.reason, caught.value.may_be_done) == ("not_connected", True)


def test_one_that_never_left_is_not() -> None:
    with pytest.raises(RetryLater) as caught:
        at(f"http://127.0.0.1:{closed_port()}/").cancels(order_ids=["1"])
    assert (caught.value.reason, caught.value.may_be_done) == ("not_connected", False)


def at(url: str) -> V2Adapter:
    return V2Adapter(url, Secret(KEY), allowed_private_hosts=frozenset({"127.0.0.1"}))
