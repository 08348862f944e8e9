"""Callers who were refused while they still send: that is thrown away for a moment, so that they see the answer."""

import selectors
import socket
import time
from dataclasses import dataclass
from typing import Any

SECONDS = 2.0
MAX_BYTES = 8 * 1024 * 1024
MOST = 100
AT_ONCE = 64 * 1024


@dataclass(slots=True)
class Allowance:
    """How long and how much a caller may still send."""

    until: float
    left: int


class Drain:
    """Sockets that were shut for writing, in the worker's own loop. Nothing of what comes is kept."""

    def __init__(self, poller: Any) -> None:
        self._poller = poller
        self._sockets: dict[socket.socket, Allowance] = {}

    def add(self, sock: socket.socket) -> None:
        """Throw away what comes from it, then close it."""
        if len(self._sockets) >= MOST:
            self._close(next(iter(self._sockets)))
        self._sockets[sock] = Allowance(until=time.monotonic() + SECONDS, left=MAX_BYTES)
        self._poller.register(sock, selectors.EVENT_READ, self._throw_away)

    def sweep(self, *, now: float) -> None:
        """Close those whose time is up."""
        for sock in [one for one, allowance in self._sockets.items() if allowance.until <= now]:
            self._close(sock)

    def _throw_away(self, sock: socket.socket) -> None:
        allowance = self._sockets.get(sock)
        if allowance is None:  # closed since the poller saw it
            return
        try:
            size = len(sock.recv(AT_ONCE))
        except BlockingIOError:
            return
        except OSError:
            size = 0
        allowance.left -= size
        if size == 0 or allowance.left <= 0:
            self._close(sock)

    def _close(self, sock: socket.socket) -> None:
        self._poller.unregister(sock)
        del self._sockets[sock]
        sock.close()
