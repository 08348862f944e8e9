"""One caller's connection: what has come of the request, and what is still to be sent of the answer."""

import io
import socket
from contextlib import suppress
from enum import Enum
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from gunicorn.http.errors import InvalidRequestLine, NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader

from panel.lib.outbound.addresses import network_of
from panel.server.answering import Answer
from panel.server.framing import Body, HeadFinder, body_of
from panel.server.limits import Limits

IN_MEMORY = 64 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class State(Enum):
    """Whom a connection waits for."""

    IDLE = "the caller, for a request to begin"
    READING = "the caller, for the rest of a request"
    WORKING = "a thread"
    SENDING = "the caller, to take the answer"


class Step(Enum):
    """How far a request is."""

    UNFINISHED = "more has to come"
    WHOLE = "all of it is here"
    LONG = "its body is longer than is taken without being asked for"


class Connection:
    """Its socket is non-blocking at all times. Used by the loop, and by one thread while it is WORKING."""

    def __init__(self, sock: socket.socket, client: Any, server: Any, *, limits: Limits, now: float) -> None:
        sock.setblocking(False)
        self.sock, self.client, self.server = sock, client, server
        self.limits = limits
        self.peer = str(client[0]) if isinstance(client, tuple) else ""
        self.state = State.IDLE
        self.watched = 0
        """The event for which the loop looks at the socket; 0 while it does not."""
        self.goes_on = False
        self.is_closed = False
        self.deadline = now + limits.head
        self.requests = 0
        self._buffer = bytearray()
        self._head = HeadFinder()
        self._clear()

    def _clear(self) -> None:
        self.request: Any = None
        self.content: IO[bytes] = io.BytesIO()
        self.length = 0
        self.longest = self.limits.body
        self.was_asked_about = False
        self.answer = Answer(self.sock)
        self._body: Body | None = None
        self._in_window = 0
        self._says_continue = False
        self.address = "" if self.limits.is_behind_proxy else network_of(self.peer)

    def next_request(self, *, now: float) -> None:
        """Forget the request that was answered."""
        self.release()
        self._clear()
        self.state = State.READING if self._buffer else State.IDLE
        self.deadline = now + (self.limits.head if self._buffer else self.limits.idle)

    def release(self) -> None:
        """Give up what is kept of body and answer."""
        self.content.close()
        self.answer.drop()

    @property
    def held(self) -> int:
        """How many bytes are kept of body and answer."""
        return self.length + self.answer.waiting

    @property
    def expected(self) -> int:
        """How long the body is, or will be at least."""
        return self._body.expected if self._body else 0

    @property
    def is_long(self) -> bool:
        """Whether the body is longer than is taken."""
        return self.expected > self.longest

    @property
    def is_chunked(self) -> bool:
        return any(name == "TRANSFER-ENCODING" for name, _ in self.request.headers)

    def feed(self, data: bytes, *, now: float) -> None:
        """Take what has come from the caller."""
        if self.state is State.IDLE:
            self.state = State.READING
            self.deadline = now + self.limits.head
        self._buffer += data
        if self._body is not None:
            self._in_window += len(data)
            if self._in_window >= self.limits.window * self.limits.least:
                self._open_window(now)

    def advance(self, cfg: Any, *, now: float) -> Step:
        """Go on with what was fed. Raises gunicorn's errors where the request is none."""
        if self._body is None:
            head = self._head.take(self._buffer)
            if head is None:
                return Step.UNFINISHED
            self._begin(head, cfg, now=now)
        assert self._body is not None
        if not self.is_long:
            self._keep(self._body.take(self._buffer))
        if self.is_long:
            return Step.LONG
        if self._body.is_whole:
            self.content.seek(0)
            return Step.WHOLE
        self._say_continue()
        return Step.UNFINISHED

    def _begin(self, head: bytes, cfg: Any, *, now: float) -> None:
        self.requests += 1
        unreader = IterUnreader([head])
        try:
            self.request = Request(cfg, unreader, self.client, self.requests)
        except (NoMoreData, StopIteration):
            raise InvalidRequestLine("not a whole head") from None
        if unreader.take_buffered():
            raise InvalidRequestLine("more than one head")
        self._body = body_of(self.request)
        self._says_continue = self.request._expected_100_continue
        self.request._expected_100_continue = False  # said by the loop, when the body is wanted
        if self.limits.is_behind_proxy:
            self.address = network_of(_forwarded_for(self.request.headers))
        self._open_window(now)

    def _open_window(self, now: float) -> None:
        self._in_window = 0
        self.deadline = now + self.limits.window

    def _keep(self, piece: bytes) -> None:
        if not piece:
            return
        if self.length == 0:
            self.content = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed by release)
        self.content.write(piece)
        self.length += len(piece)

    def _say_continue(self) -> None:
        if self._says_continue and self.length == 0:
            with suppress(OSError):  # a caller who is gone is noticed when it is read from
                self.sock.send(CONTINUE)
        self._says_continue = False


def _forwarded_for(headers: list[tuple[str, str]]) -> str:
    """The address that the nearest proxy, which is trusted, says to have been called from."""
    found = [value for name, value in headers if name == "X-FORWARDED-FOR"]
    return found[-1].rpartition(",")[2].strip() if found else ""
