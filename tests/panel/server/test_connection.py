"""What a connection waits for, how long, and how much of a body it takes."""

import pytest

from panel.server.connection import CONTINUE, IN_MEMORY, Connection, State, Step
from tests.panel.server.callers import CONFIG, called

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def post(length: int, *more: bytes) -> bytes:
    return b"\r\n".join([b"POST / HTTP/1.1", b"Host: x", b"Content-Length: %d" % length, *more, b"", b""])


def feed(connection: Connection, data: bytes, *, now: float = 0) -> Step:
    connection.feed(data, now=now)
    return connection.advance(CONFIG, now=now)


def test_who_says_nothing_has_as_long_as_for_a_head() -> None:
    with called(now=100) as (connection, _):
        assert (connection.state, connection.deadline) == (State.IDLE, 110)


def test_a_head_has_ten_seconds_from_its_first_byte_however_it_drips() -> None:
    with called() as (connection, _):
        for second, byte in enumerate(GET[:9], start=3):
            assert feed(connection, bytes([byte]), now=second) is Step.UNFINISHED
        assert (connection.state, connection.deadline) == (State.READING, 13)


def test_a_body_has_to_come_at_the_least_rate() -> None:
    with called(body=10**6) as (connection, _):
        feed(connection, post(100_000), now=3)
        assert connection.deadline == 13
        feed(connection, bytes(2048 * 10 - 1), now=12)
        assert connection.deadline == 13
        feed(connection, bytes(1), now=12.5)
        assert connection.deadline == 22.5
        feed(connection, bytes(60_000), now=13)
        assert connection.deadline == 23
        connection.release()


def test_between_requests_it_is_kept_for_a_while() -> None:
    with called() as (connection, _):
        assert feed(connection, GET, now=1) is Step.WHOLE
        connection.next_request(now=7)
        assert (connection.state, connection.deadline) == (State.IDLE, 12)


def test_a_request_sent_ahead_is_read_after_the_first() -> None:
    with called() as (connection, _):
        assert feed(connection, GET + post(2) + b"ab" + GET[:5], now=1) is Step.WHOLE
        connection.next_request(now=2)
        assert connection.state is State.READING
        assert connection.advance(CONFIG, now=2) is Step.WHOLE
        assert connection.content.read() == b"ab"
        connection.next_request(now=3)
        assert connection.advance(CONFIG, now=3) is Step.UNFINISHED
        assert (connection.requests, connection.deadline) == (2, 13)


@pytest.mark.parametrize("come", [b"", b"x" * 5])
def test_a_long_body_is_not_taken_before_it_is_asked_about(come: bytes) -> None:
    with called() as (connection, _):
        assert feed(connection, post(1001) + come) is Step.LONG
        assert (connection.length, connection.held, connection.is_long) == (0, 0, True)
        connection.longest = 1001
        assert feed(connection, bytes(1001 - len(come))) is Step.WHOLE
        assert connection.length == 1001
        connection.release()


def test_a_body_of_the_limit_is_taken() -> None:
    with called() as (connection, _):
        assert feed(connection, post(1000) + bytes(1000)) is Step.WHOLE
        connection.release()


def test_chunks_are_taken_up_to_the_limit() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"64\r\n" + bytes(100) + b"\r\n"
    with called() as (connection, _):
        assert feed(connection, head + 10 * chunk) is Step.UNFINISHED
        assert feed(connection, b"1\r\nx") is Step.LONG
        assert connection.expected == 1001
        connection.longest = 2000
        assert feed(connection, b"\r\n0\r\n\r\n") is Step.WHOLE
        assert connection.content.read() == bytes(1000) + b"x"
        assert connection.is_chunked
        connection.release()


def test_a_large_body_is_kept_in_a_file() -> None:
    with called(body=10**6) as (connection, _):
        feed(connection, post(2 * IN_MEMORY) + bytes(IN_MEMORY))
        assert connection.content._rolled is False  # type: ignore[attr-defined]
        feed(connection, bytes(IN_MEMORY))
        assert connection.content._rolled is True  # type: ignore[attr-defined]
        assert connection.held == 2 * IN_MEMORY
        connection.release()
        assert connection.content.closed


EXPECTING = b"Expect: 100-continue"


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ([post(3, EXPECTING), b"abc"], CONTINUE),
        ([post(3, EXPECTING), b"a", b"bc"], CONTINUE),
        ([post(3, EXPECTING) + b"abc"], b""),
        ([post(3, EXPECTING) + b"a", b"bc"], b""),
        ([post(3), b"abc"], b""),
        ([post(3, EXPECTING).replace(b"1.1", b"1.0"), b"abc"], b""),
    ],
)
def test_who_waits_to_be_asked_for_the_body_is_asked_once(sent: list[bytes], heard: bytes) -> None:
    with called() as (connection, caller):
        assert [feed(connection, piece) for piece in sent][-1] is Step.WHOLE
        assert connection.request._expected_100_continue is False
        caller.setblocking(False)
        assert (caller.recv(100) if heard else b"") == heard
        with pytest.raises(BlockingIOError):
            caller.recv(100)


def test_who_waits_to_be_asked_is_not_asked_for_what_is_too_long() -> None:
    with called() as (connection, caller):
        assert feed(connection, post(1001, EXPECTING)) is Step.LONG
        caller.setblocking(False)
        with pytest.raises(BlockingIOError):
            caller.recv(100)
        connection.longest = 2000
        assert connection.advance(CONFIG, now=0) is Step.UNFINISHED
        assert caller.recv(100) == CONTINUE


def test_the_address_is_the_peers() -> None:
    forwarded = GET.replace(b"Host", b"X-Forwarded-For: 198.51.100.1\r\nHost")
    with called("192.0.2.7") as (connection, _):
        feed(connection, forwarded)
        assert connection.address == "192.0.2.7"
    with called("2001:db8:1:2:3:4:5:6") as (connection, _):
        assert connection.address == "2001:db8:1:2::/64"
    with called("::ffff:192.0.2.7") as (connection, _):
        assert connection.address == "192.0.2.7"


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (b"X-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1"),
        (b"X-Forwarded-For: 203.0.113.9, 198.51.100.1\r\n", "198.51.100.1"),
        (b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1"),
        (b"X-Forwarded-For: nonsense\r\n", ""),
        (b"", ""),
    ],
)
def test_behind_a_proxy_it_is_what_the_proxy_says(header: bytes, address: str) -> None:
    with called("10.0.0.2", is_behind_proxy=True) as (connection, _):
        assert connection.address == ""
        feed(connection, GET.replace(b"Host", header + b"Host"))
        assert connection.address == address
        connection.next_request(now=0)
        assert connection.address == "", "the next one may be another customer's"
