"""Where requests end: in any split, with nonsense, and as gunicorn's own parser has it."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from gunicorn.http.errors import (
    ChunkMissingTerminator,
    InvalidChunkExtension,
    InvalidChunkSize,
    InvalidHeader,
    InvalidHTTPVersion,
    InvalidRequestLine,
    InvalidRequestMethod,
    LimitRequestHeaders,
    LimitRequestLine,
    NoMoreData,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.http.parser import RequestParser
from hypothesis import given, settings
from hypothesis import strategies as st

from panel.server.connection import Step
from panel.server.framing import FRAMING_ALLOWANCE, MAX_HEAD_BYTES, MAX_LINE_BYTES, ChunkedBody
from tests.panel.server.callers import CONFIG, Read, called, read_all

HEAD = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def sized(body: bytes) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(*chunks: bytes, trailer: bytes = b"") -> bytes:
    return CHUNKED + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in chunks) + b"0\r\n" + trailer + b"\r\n"


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[start:end] for start, end in pairwise(places) if start < end]


REQUESTS = st.one_of(
    st.just((b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"")),
    st.just((b"\r\nGET / HTTP/1.1\r\n\r\n", b"")),
    st.binary(max_size=200).map(lambda body: (sized(body), body)),
    st.lists(st.binary(min_size=1, max_size=50), max_size=5).map(lambda them: (chunked(*them), b"".join(them))),
    st.binary(min_size=1, max_size=50).map(lambda body: (chunked(body, trailer=b"X-Sum: 1\r\n"), body)),
)


@given(requests=st.lists(REQUESTS, min_size=1, max_size=4), cuts=st.lists(st.integers(0, 5000), max_size=30))
def test_in_any_split_the_same_requests_are_read(requests: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    found = read_all(pieces(b"".join(raw for raw, _ in requests), cuts))
    assert [one.body for one in found] == [body for _, body in requests]


@pytest.mark.parametrize("raw", [sized(b"abc" * 50), chunked(b"abc", b"d" * 20, trailer=b"X-Sum: 1\r\n")])
def test_byte_by_byte(raw: bytes) -> None:
    (found,) = read_all(bytes([one]) for one in raw)
    assert (found.method, found.path) == ("POST", "/a")
    assert found.body == raw.partition(b"\r\n\r\n")[2] or found.body == b"abc" + b"d" * 20
    assert read_all([raw[:-1]]) == []


def gunicorns(raw: bytes) -> list[Read]:
    """What gunicorn's own parser reads of it, up to where it ends or refuses."""
    found = []
    try:
        for request in RequestParser(CONFIG, iter([raw]), ("192.0.2.7", 1)):
            found.append(Read(request.method, request.path, request.headers, request.body.read()))
    except (ParseException, NoMoreData):
        pass
    return found


FRAGMENTS = st.sampled_from(
    [
        *(
            b"GET / HTTP/1.1\r\n",
            b"POST /x HTTP/1.1\r\n",
            b"POST /x HTTP/1.0\r\n",
            b"Host: x\r\n",
            b"\r\n",
            b"\n",
            b"\r",
        ),
        *(b"Content-Length: 5\r\n", b"Content-Length: 3\r\n", b"Content-Length: +3\r\n", b"Content-Length: 3, 3\r\n"),
        *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding : chunked\r\n"),
        *(b"Transfer-Encoding:\tchunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b" folded\r\n", b"X_Y: 1\r\n"),
        *(
            b"5\r\nhello\r\n",
            b"5;a=b\r\nhello\r\n",
            b"05 \r\nhello\r\n",
            b"0\r\n\r\n",
            b"0\r\n",
            b"hello",
            b"-1\r\n",
            b"\x00",
        ),
        *(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"fffffffffffffffff\r\n", b"Connection: close\r\n", b"X: y\nZ: w\r\n"),
    ]
)


@settings(max_examples=600)
@given(raw=st.lists(FRAGMENTS, min_size=1, max_size=12).map(b"".join), cuts=st.lists(st.integers(0, 500), max_size=8))
def test_no_request_is_read_that_gunicorn_reads_differently(raw: bytes, cuts: list[int]) -> None:
    ours = until_the_last(raw, cuts)
    theirs = gunicorns(raw)
    assert ours == theirs[: len(ours)]


def until_the_last(raw: bytes, cuts: list[int]) -> list[Read]:
    """What is read up to where it is refused, or to the request after which our worker, as gunicorn's, closes."""
    found: list[Read] = []
    with called(body=10**9) as (connection, _):
        try:
            for piece in pieces(raw, cuts):
                connection.feed(piece, now=0)
                while connection.advance(CONFIG, now=0) is Step.WHOLE:
                    request = connection.request
                    found.append(Read(request.method, request.path, request.headers, connection.content.read()))
                    if request.should_close():
                        return found
                    connection.next_request(now=0)
        except ParseException:
            pass
        finally:
            connection.release()
    return found


@settings(max_examples=300)
@given(sent=st.lists(st.binary(max_size=400), max_size=20))
def test_nonsense_is_refused_or_waits_for_more(sent: list[bytes]) -> None:
    with called(body=10**9) as (connection, _):
        try:
            for piece in sent:
                connection.feed(piece, now=0)
                connection.advance(CONFIG, now=0)
        except ParseException:
            pass
        connection.release()


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"GET /" + b"a" * MAX_LINE_BYTES, LimitRequestLine),
        (b"GET /" + b"a" * MAX_LINE_BYTES + b" HTTP/1.1\r\n\r\n", LimitRequestLine),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 8200 + b"\r\n\r\n", LimitRequestHeaders),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n", LimitRequestHeaders),
        (b"GET / HTTP/1.1\r\n" + b"X: yyyyyyyyyyyyyyyy\r\n" * (MAX_HEAD_BYTES // 20), LimitRequestHeaders),
        (b"GET / HTTP/1.1\nHost: x\n\n", InvalidRequestLine),
        (b"\nGET / HTTP/1.1\r\n\r\n", InvalidRequestLine),
        (b"GET / HTTP/1.1\r\nX: y\nZ", InvalidRequestLine),
        (b"\r\n\r\n", InvalidRequestLine),
        (b"nonsense\r\n\r\n", InvalidRequestLine),
        (b"get / HTTP/1.1\r\n\r\n", InvalidRequestMethod),
        (b"PRI * HTTP/2.0\r\n\r\n", InvalidRequestLine),
        (b"GET / HTTP/2.0\r\n\r\n", InvalidHTTPVersion),
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", InvalidHeader),
        (HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n", InvalidHeader),
        (HEAD + b"Content-Length: -3\r\n\r\n", InvalidHeader),
        (HEAD + b"Content-Length: 0x3\r\n\r\n", InvalidHeader),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", InvalidHeader),
        (HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n", InvalidHeader),
        (HEAD + b"Transfer-Encoding: nonsense\r\n\r\n", UnsupportedTransferCoding),
        (HEAD.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n", InvalidHeader),
        (CHUNKED + b"3\r\nabcd\r\n", ChunkMissingTerminator),
        (CHUNKED + b"g\r\n", InvalidChunkSize),
        (CHUNKED + b"\r\n", InvalidChunkSize),
        (CHUNKED + b"-1\r\n", InvalidChunkSize),
        (CHUNKED + b"3\nabc\n", InvalidChunkSize),
        (CHUNKED + b"0" * 2000, InvalidChunkSize),
        (CHUNKED + b"00000000000000001\r\n", InvalidChunkSize),
        (CHUNKED + b"3;\x01\r\nabc\r\n", InvalidChunkExtension),
        (CHUNKED + b"0\r\nnonsense\r\n\r\n", InvalidHeader),
        (CHUNKED + b"0\r\n" + b"X: yyyy\r\n" * 1000, LimitRequestHeaders),
    ],
)
def test_what_is_no_request(raw: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_all([raw])
    with pytest.raises(error):
        read_all(bytes([one]) for one in raw)


def test_a_body_of_tiny_chunks_is_refused_before_long() -> None:
    body, most = ChunkedBody(), 2 * FRAMING_ALLOWANCE // 5
    with pytest.raises(InvalidChunkSize):
        body.take(bytearray(b"1\r\nx\r\n" * most))
    assert read_all([chunked(*[b"some line\n"] * 5000)])[0].body == b"some line\n" * 5000


def test_a_huge_chunk_is_known_to_be_long_before_it_comes() -> None:
    body = ChunkedBody()
    assert body.take(bytearray(b"ffffffff\r\nabc")) == b"abc"
    assert body.expected == 0xFFFFFFFF
