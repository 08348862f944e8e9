"""HTTP/1.1 on one connection, by hand: requests in, replies out in every manner a fault asks for.

Hand-written because a benchmark's provider must be quick, and because a fault must be able to break the connection.
"""

import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from providers.simulator.replies import Reply

LARGEST_HEAD = 32_768
LARGEST_BODY = 8_000_000


class BadRequestError(Exception):
    """What came is not a request that this server reads; the connection is to be closed."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to go on using the connection."""
        return self.headers.get("connection", "").lower() != "close"


class Connection:
    """One client's connection, used by one thread; `close` may come from another."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    def read_request(self) -> Request | None:
        """The next request, or None when the client has gone. Raises BadRequestError or OSError."""
        head = self._read_head()
        if head is None:
            return None
        first, *rows = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3:
            raise BadRequestError("Not an HTTP request.")
        headers = {}
        for row in rows:
            name, _, value = row.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Request(words[0], words[1], headers, self._read_body(headers))

    def send(self, reply: Reply, *, keep_alive: bool, hang_seconds: float, drip_seconds: float) -> bool:
        """Reply in its manner; whether the connection can be used again."""
        if reply.manner == "hang":
            self.wait_for_end(hang_seconds)
            return False
        if reply.manner == "reset":
            self._reset()
            return False
        if reply.manner == "drip":
            self._drip(reply, hang_seconds=hang_seconds, drip_seconds=drip_seconds)
            return False
        if reply.manner == "cut":
            self._sock.sendall(_head(reply, len(reply.body), keep_alive=False) + reply.body[: len(reply.body) // 2])
            return False
        self._sock.sendall(_head(reply, len(reply.body), keep_alive=keep_alive) + reply.body)
        return keep_alive

    def wait_for_end(self, seconds: float) -> None:
        """Say nothing until the client gives up, the server stops, or `seconds` are over."""
        self._sock.settimeout(max(seconds, 0.001))
        try:
            while self._sock.recv(4096):
                pass
        except OSError:
            return

    def close(self) -> None:
        """End the connection; a thread that waits on it wakes up."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the client was first
        finally:
            self._sock.close()

    def interrupt(self) -> None:
        """From another thread: make whatever waits on the connection return."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already

    def _reset(self) -> None:
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def _drip(self, reply: Reply, *, hang_seconds: float, drip_seconds: float) -> None:
        """The body, a byte at a time, with so many spaces before it that all of it takes `hang_seconds`."""
        spaces = max(int(hang_seconds / drip_seconds) - len(reply.body), 0)
        body = b" " * spaces + reply.body
        self._sock.sendall(_head(reply, len(body), keep_alive=False))
        pause = threading.Event()
        for place in range(len(body)):
            self._sock.sendall(body[place : place + 1])
            pause.wait(drip_seconds)

    def _read_head(self) -> bytes | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > LARGEST_HEAD:
                raise BadRequestError("The head is too long.")
            more = self._sock.recv(65_536)
            if not more:
                return None
            self._buffer += more
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        return head

    def _read_body(self, headers: Mapping[str, str]) -> bytes:
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdigit() or int(length) > LARGEST_BODY:
            raise BadRequestError("The body has no plain length.")
        parts, have = [self._buffer], len(self._buffer)
        while have < int(length):
            more = self._sock.recv(65_536)
            if not more:
                raise BadRequestError("The body ended early.")
            parts.append(more)
            have += len(more)
        whole = b"".join(parts)
        self._buffer = whole[int(length) :]
        return whole[: int(length)]


def _head(reply: Reply, length: int, *, keep_alive: bool) -> bytes:
    rows = [
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
        f"Content-Type: {reply.content_type}",
        f"Content-Length: {length}",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
        *(f"{name}: {value}" for name, value in reply.headers),
    ]
    return ("\r\n".join(rows) + "\r\n\r\n").encode("latin-1")
