"""The one way out: whom it talks to, when it stops, and what it knows when it fails."""

import gzip
import signal
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from panel.lib.outbound import sockets
from panel.lib.outbound.client import Answer, NoAnswer, NotConnected, Outbound
from tests.certificates import server_context
from tests.panel.lib.outbound.posting import HEAD, OK, post
from tests.scripted import Act, answer, close, closed_port, drip, hang, raw, reset, scripted


def test_what_is_sent_and_what_comes_back() -> None:
    with scripted(answer(OK, status=429, headers="Retry-After: 7\r\nX-Other: y\r\n")) as server:
        got = post(server.url)
    assert (got.status, got.body, got.headers) == (
        429,
        OK,
        {"content-type": "application/json", "retry-after": "7"},
    )
    assert server.requests == [b"action=add&link=https%3A%2F%2Fx.example%2F%C3%A4+b&key=K-12+3"]
    head = server.heads[0].decode().lower()
    assert head.startswith("post /api/v2 http/1.1\r\n")
    assert "accept-encoding: identity\r\n" in head
    assert "connection: close" in head


def test_the_answer_shows_no_body_in_its_repr() -> None:
    assert repr(Answer(status=200, headers={"retry-after": "1"}, body=b"body")) == "Answer(status=200)"


# --- Provably not sent ------------------------------------------------------------------------------------------------
def test_nobody_listens() -> None:
    with pytest.raises(NotConnected, match=r"Not connected to 127\.0\.0\.1: it does not take calls"):
        post(f"http://127.0.0.1:{closed_port()}/")


def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(NotConnected, match=r"Not connected to nowhere\.example: its name does not resolve"):
        post("https://nowhere.example/")


def test_a_name_too_long_to_resolve() -> None:
    with pytest.raises(NotConnected):
        post(f"https://{'a' * 64}.example/")


def test_connecting_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(sock: socket.socket, address: Any) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(sockets.GuardedSocket, "connect", slow)
    with pytest.raises(NotConnected, match="no connection in time"):
        post("http://127.0.0.1:9/")


def test_the_deadline_had_passed_before() -> None:
    with scripted(answer(OK)) as server, pytest.raises(NotConnected, match="the time was over before"):
        post(server.url, seconds=-1)
    assert (server.connections, server.received) == (0, b"")


def test_the_deadline_passes_while_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at once more immediately before the first byte."""
    connect = sockets.Exchange.connect

    def late(exchange: sockets.Exchange, host: str, port: int) -> socket.socket:
        sock = connect(exchange, host, port)
        exchange.deadline = time.monotonic() - 1
        return sock

    monkeypatch.setattr(sockets.Exchange, "connect", late)
    with scripted(answer(OK)) as server, pytest.raises(NotConnected, match="the time was over before"):
        post(server.url)
    assert server.received == b""


def test_a_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    context, _ = server_context(tmp_path)
    with scripted(answer(OK), tls=context) as server, pytest.raises(NotConnected, match="no secure connection"):
        post(server.url)
    assert server.received == b""


def test_a_server_that_does_not_speak_tls() -> None:
    def garbage(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with scripted(close) as server:
        server.on_accept = garbage
        with pytest.raises(NotConnected, match="no secure connection"):
            post(server.url.replace("http:", "https:"))
    assert server.requests == []


def test_a_server_silent_in_the_handshake() -> None:
    with scripted(close) as server, pytest.raises(NotConnected, match="the time was over before"):
        post(server.url.replace("http:", "https:"), seconds=0.5)
    assert server.requests == []


def test_a_vouched_certificate_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, certificate = server_context(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    trusting.sslsocket_class = sockets.GuardedTLSSocket
    monkeypatch.setattr(sockets, "tls_context", lambda: trusting)
    with scripted(answer(OK), drip(HEAD), tls=context) as server:
        assert post(server.url).body == OK
        with pytest.raises(NoAnswer, match="in time"):  # the deadline holds beneath TLS too
            post(server.url, seconds=0.5)
        with pytest.raises(NotConnected, match="no secure connection"):  # the name is verified
            post(
                server.url.replace("127.0.0.1", "localhost"),
                out=Outbound(allowed_private_hosts=frozenset({"localhost"})),
            )


# --- Whom it talks to -------------------------------------------------------------------------------------------------
def resolve_to(address: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: rows)


def test_a_name_of_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(answer(OK)) as server:
        resolve_to("127.0.0.1", server.port, monkeypatch)
        with pytest.raises(NotConnected, match=r"evil\.example: its address is not on the public Internet"):
            post("https://evil.example/")
    assert server.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "169.254.169.254"])
def test_private_addresses_in_any_spelling_are_refused(host: str) -> None:
    with pytest.raises(NotConnected):
        post(f"https://{host}/", out=Outbound())


def test_the_address_connected_to_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lies between the name and the socket: the peer itself is looked at before a byte is sent."""
    connect = socket.socket.connect
    with scripted(answer(OK)) as server:
        resolve_to("93.184.216.34", 443, monkeypatch)
        monkeypatch.setattr(sockets.GuardedSocket, "connect", lambda sock, _: connect(sock, ("127.0.0.1", server.port)))
        with pytest.raises(NotConnected, match="not on the public Internet"):
            post("https://evil.example/")
    assert server.received == b""


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://provider.example/api", "not https"),
        ("ftp://127.0.0.1/api", "not https"),
        ("https://user:word@provider.example/", "a user name or a password"),
        ("https://provider.example:22/", "a port that is not a web server's"),
        ("", "the address"),
        ("https://", "the address"),
        ("https://[::1/", "the address"),
        ("provider.example", "the address"),
    ],
)
def test_addresses_that_are_never_called(url: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: pytest.fail("it was resolved"))
    with pytest.raises(NotConnected, match=why):
        post(url)


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with scripted(answer(OK)) as server:
        assert post(server.url).body == OK


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers(status: int) -> None:
    with (
        scripted(answer(OK)) as other,
        scripted(answer(b"moved", status=status, headers=f"Location: {other.url}\r\n")) as server,
    ):
        got = post(server.url)
    assert (got.status, got.body, other.connections) == (status, b"moved", 0)


# --- Sent, and then -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("act", "why", "status"),
    [
        (hang, "no complete answer in time", None),
        (drip(b"H"), "no complete answer in time", None),
        (drip(HEAD + b"X-Header: " + b"a" * 1000), "no complete answer in time", None),
        (drip(b"a" * 1000, after=HEAD + b"\r\n"), "no complete answer in time", 200),
        (close, "closed the connection without", None),
        (reset, "closed the connection without", None),
        (raw(b"garbage\r\n\r\n"), "closed the connection without", None),
        (raw(b"HTTP/1.1 2"), "closed the connection without", None),
        (answer(OK, length=100), "closed the connection without", 200),
        (raw(HEAD + b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"or'), "closed the connection without", 200),
        (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "closed the connection without", 200),
        (raw(HEAD + b"X: y\r\n" * 5000 + b"\r\n"), "closed the connection without", None),
        (raw(HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n"), "closed the connection without", None),
        (answer(b"a" * 1001), "too long", 200),
        (raw(HEAD + b"\r\n" + b"a" * 100_000), "too long", 200),
        (answer(gzip.compress(b"a" * 1001), headers="Content-Encoding: gzip\r\n"), "too long", 200),
        (answer(gzip.compress(b"0" * 50_000_000), headers="Content-Encoding: gzip\r\n"), "too long", 200),
        (answer(gzip.compress(OK)[:-4], headers="Content-Encoding: gzip\r\n"), "does not unpack", 200),
        (answer(b"plain", headers="Content-Encoding: gzip\r\n"), "does not unpack", 200),
    ],
)
@pytest.mark.parametrize("fresh", [True, False])
def test_no_complete_answer(act: Act, why: str, status: int | None, fresh: bool) -> None:
    with scripted(act) as server:
        with pytest.raises(NoAnswer, match=why) as caught:
            post(server.url, seconds=1 if why == "no complete answer in time" else 10, fresh=fresh)
        assert len(server.requests) == 1
    assert caught.value.status == status
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_what_came_of_an_answer_is_kept() -> None:
    with scripted(answer(b'{"order": 23', length=100)) as server, pytest.raises(NoAnswer) as caught:
        post(server.url)
    assert (caught.value.status, caught.value.partial) == (200, b'{"order": 23')


@pytest.mark.parametrize(
    "act",
    [
        answer(OK),
        raw(HEAD + b"\r\n" + OK),
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n8\r\n" + OK + b"\r\n0\r\n\r\n"),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 8\r\n\r\n" + OK),
        answer(gzip.compress(OK), headers="Content-Encoding: gzip\r\n"),
    ],
)
def test_complete_answers_in_every_framing(act: Act) -> None:
    with scripted(act) as server:
        assert post(server.url).body == OK


@pytest.mark.parametrize("fresh", [True, False])
def test_our_own_time_limit_is_not_blamed_on_the_host(fresh: bool) -> None:
    def limit(*_: Any) -> None:
        raise SoftTimeLimitExceeded

    before = signal.signal(signal.SIGALRM, limit)
    try:
        with scripted(hang) as server:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(SoftTimeLimitExceeded) as raised:
                post(server.url, fresh=fresh)
            assert server.connections == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    names = [entry.name for entry in raised.traceback]
    assert names[-1] == "post"
    assert "_attempt" not in names
