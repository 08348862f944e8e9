"""A connection without a loop for tests: bytes go in, and what has come of them comes out."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from gunicorn.config import Config

from panel.server.connection import Connection, Step
from panel.server.limits import Limits

CONFIG = Config()
LIMITS = Limits(
    idle=5,
    head=10,
    window=10,
    least=2048,
    sending=60,
    connections=10,
    from_one_address=4,
    body=1000,
    is_behind_proxy=False,
    held=10_000,
)


@dataclass
class Read:
    """A request that was read whole."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


@contextmanager
def called(
    address: str = "192.0.2.7", *, now: float = 0.0, **limits: Any
) -> Iterator[tuple[Connection, socket.socket]]:
    """A connection and its caller's end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield (
            Connection(ours, (address, 1234), ("127.0.0.1", 8000), limits=replace(LIMITS, **limits), now=now),
            theirs,
        )


def read_all(pieces: Iterable[bytes], *, longest: int = 10**9) -> list[Read]:
    """All requests that these pieces make, one after the other."""
    found = []
    with called(body=longest) as (connection, _):
        for piece in pieces:
            connection.feed(piece, now=0)
            while connection.advance(CONFIG, now=0) is Step.WHOLE:
                request = connection.request
                body = connection.content.read()
                assert len(body) == connection.length == connection.expected
                found.append(Read(request.method, request.path, request.headers, body))
                connection.next_request(now=0)
        connection.release()
    return found
