"""The adapter on a real socket: the class of every network outcome, and the key in none of what is left of it."""

import gzip
import logging
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from panel.lib.outbound import sockets
from panel.lib.secret import Secret
from providers.adapters.base import Placed
from providers.adapters.errors import AdapterError, NotPlaced, OutcomeUnknown, RetryLater
from providers.adapters.registry import adapter_class
from providers.adapters.v2 import V2Adapter
from tests.providers.adapters.answers import KEY, ORDER
from tests.scripted import Act, answer, close, closed_port, drip, hang, raw, reset, scripted

HEAD = b"HTTP/1.1 200 OK\r\n"
PLACED = b'{"order":23501}'


def adapter_at(url: str) -> V2Adapter:
    return adapter_class("v2")(url, Secret(KEY), allowed_private_hosts=frozenset({"127.0.0.1"}))


def add(url: str, *, seconds: float = 10) -> Placed:
    return adapter_at(url).add(request=ORDER, deadline=time.monotonic() + seconds)


def test_placed_once_on_a_connection_of_its_own() -> None:
    with scripted(answer(PLACED, keep=True)) as server:
        adapter = adapter_at(server.url)
        for _ in range(2):
            assert adapter.add(request=ORDER, deadline=time.monotonic() + 10).order_id == "23501"
        assert server.connections == 2
    body = f"service=1&link=https%3A%2F%2Fx.example%2Fp&quantity=100&action=add&key={KEY}"
    assert server.requests == [body.encode()] * 2


def test_questions_share_a_connection() -> None:
    with scripted(answer(b'{"balance":"5"}', keep=True)) as server:
        adapter = adapter_at(server.url)
        assert [adapter.balance().amount for _ in range(3)] == [Decimal(5)] * 3
        adapter.close()
        assert server.connections == 1


UNKNOWN: list[tuple[Act, int | None, str]] = [
    (hang, None, ""),
    (drip(HEAD + b"X: a"), None, ""),
    (drip(PLACED[1:-1], after=HEAD + b"\r\n" + PLACED[:1]), 200, ""),
    (close, None, ""),
    (reset, None, ""),
    (raw(b"nonsense\r\n\r\n"), None, ""),
    (answer(PLACED[:-3], length=15), 200, ""),
    (answer(PLACED, length=50), 200, "23501"),
    (answer(PLACED + b" " * 1024 * 1024), 200, "23501"),
    (answer(gzip.compress(b" " * 50_000_000), headers="Content-Encoding: gzip\r\n"), 200, ""),
    (answer(b"", status=302, headers="Location: http://127.0.0.1/\r\n"), 302, ""),
    (answer(b"<html>Bad gateway</html>", status=502), 502, ""),
    (answer(f'{{"error":"Unknown {KEY}"}}'.encode()), 200, ""),
    (answer(f"<html>{KEY}</html>".encode()), 200, ""),
    (answer(f'{{"order":7,"error":"{KEY}"}}'.encode()), 200, "7"),
]


@pytest.mark.parametrize(("act", "status", "candidate"), UNKNOWN)
def test_the_outcome_is_not_known(act: Act, status: int | None, candidate: str) -> None:
    with scripted(act) as server:
        with pytest.raises(OutcomeUnknown) as caught:
            add(server.url, seconds=2)
        assert (server.connections, len(server.requests)) == (1, 1)
    assert caught.value.evidence.http_status == status
    assert caught.value.candidate == candidate


def test_nothing_was_sent() -> None:
    with scripted(answer(PLACED)) as server:
        for url, seconds in [
            (f"http://127.0.0.1:{closed_port()}/", 10),
            ("https://127.0.0.1.nowhere.invalid/", 10),
            ("http://provider.example/", 10),
            ("https://[::1]/", 10),
            (server.url.replace("127.0.0.1", "localhost"), 10),
            (server.url, -1),
        ]:
            with pytest.raises(NotPlaced) as caught:
                add(url, seconds=seconds)
            assert caught.value.reason == "not_connected"
        assert (server.connections, server.received) == (0, b"")


def test_connecting_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*args: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(sockets.GuardedSocket, "connect", late)
    with pytest.raises(NotPlaced, match="no connection in time"):
        add("http://127.0.0.1:9/")


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (drip(HEAD + b"X: a"), "not_connected"),
        (close, "not_connected"),
        (answer(b"{", length=9), "broken"),
        (raw(HEAD), "broken"),
    ],
)
def test_reads(act: Act, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.adapters.v2.READ_SECONDS", 1)
    with scripted(act) as server, pytest.raises(RetryLater) as caught:
        adapter_at(server.url).balance()
    assert caught.value.reason == reason


# --- The key ----------------------------------------------------------------------------------------------------------
def test_the_adapter_does_not_show_its_key() -> None:
    adapter = adapter_at("https://provider.example/")
    assert KEY not in repr(adapter) + repr(vars(adapter)) + repr(vars(adapter._outbound)) + repr(vars(adapter._mask))


ECHO = f'{{"error":"Invalid API key {KEY}"}}'.encode()
FAILURES: list[Act | None] = [
    None,
    hang,
    close,
    reset,
    raw(b"nonsense\r\n\r\n"),
    raw(HEAD + f"X: {KEY}".encode()),
    answer(ECHO),
    answer(ECHO, status=403),
    answer(ECHO, status=429, headers=f"Retry-After: {KEY}\r\n"),
    answer(ECHO, status=500),
    answer(ECHO, length=500),
    answer(ECHO + b" " * 6_000_000),
    answer(f"<html>{KEY}</html>".encode()),
    answer(f'{{"{KEY}":"{KEY}"}}'.encode()),
    answer(f'{{"order":"{KEY}","error":"{KEY}"}}'.encode()),
    answer(f'{{"1":"{KEY}"}}'.encode()),
    answer(b"", status=302, headers=f"Location: https://x.example/?key={KEY}\r\n"),
]
CALLS: list[Callable[[V2Adapter], Any]] = [
    lambda adapter: adapter.add(request=ORDER, deadline=time.monotonic() + 1),
    lambda adapter: adapter.services(),
    lambda adapter: adapter.statuses(order_ids=["1", "2"]),
    lambda adapter: adapter.refill(order_id="1"),
    lambda adapter: adapter.balance(),
]


@pytest.mark.parametrize("act", FAILURES)
@pytest.mark.parametrize("call", CALLS)
def test_no_failure_shows_the_key(
    act: Act | None,
    call: Callable[[V2Adapter], Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("providers.adapters.v2.READ_SECONDS", 1)
    caplog.set_level(logging.DEBUG)
    shown = ""
    with scripted(act or close) as server:
        url = server.url if act else f"http://127.0.0.1:{closed_port()}/"
        try:
            shown = repr(call(adapter_at(url)))
        except AdapterError as error:
            logging.getLogger("test").exception("It failed.")
            shown = everything(error)
    assert KEY not in shown
    assert KEY not in caplog.text
    assert f"key={KEY}".encode() in server.received or act is None


def everything(error: BaseException) -> str:
    """All that a log, a report or a debugger could print of an error, the frames' variables among it."""
    assert (error.__cause__, error.__context__) == (None, None)
    rendered = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join([*rendered.format(), str(error), repr(error), repr(error.args), repr(vars(error))])
