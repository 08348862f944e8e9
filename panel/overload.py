"""The web server's worker under more load than it can carry: what cannot be answered soon is refused at once.

A bounded queue keeps the wait short for those who are let in, and the panel is well again as soon as the load is gone.
"""

import socket
import time
from collections import deque
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from panel.server.refusals import refusal

WAITING_A_THREAD = 8
"""So many requests may wait for each thread; at 20 ms a request the last one waits a second or two."""
LINGER_SECONDS = 0.5
"""So long a caller who is let go may take to send the rest: closed before, the answer might not be seen."""
MAX_LINGERING = 300
BUSY = refusal(HTTPStatus.SERVICE_UNAVAILABLE, extra="Retry-After: 2\r\n")


class BoundedWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is not typed
    """Gunicorn's worker with threads, with a bound to what waits for them, and whose loop waits for no caller to go.

    Gunicorn's own closes a connection inside the loop and waits up to two seconds there for the caller to close it,
    too: a few callers who do not would hold up everybody.
    """

    def init_process(self) -> None:
        self.lingering: deque[tuple[float, socket.socket]] = deque()
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        if self.tpool._work_queue.qsize() < self.cfg.threads * WAITING_A_THREAD:
            super().enqueue_req(conn)
        else:
            self.turn_away(conn)

    def turn_away(self, conn: Any) -> None:
        """Refuse a request that would have to wait too long."""
        self.nr_conns -= 1
        self.let_go(conn.sock, last_words=BUSY)

    def murder_pending(self) -> None:
        super().murder_pending()
        now = time.monotonic()
        while self.lingering and (self.lingering[0][0] <= now or len(self.lingering) > MAX_LINGERING):
            close(self.lingering.popleft()[1])

    def let_go(self, sock: socket.socket, *, last_words: bytes = b"") -> None:
        """Tell the caller that nothing more comes; what the caller still sends is waited for, but not by us."""
        say_goodbye(sock, last_words=last_words)
        self.lingering.append((time.monotonic() + LINGER_SECONDS, sock))


def say_goodbye(sock: socket.socket, *, last_words: bytes = b"") -> None:
    """Send the last that is sent, without waiting."""
    with suppress(OSError):  # the caller has given up
        sock.setblocking(False)
        if last_words:
            sock.send(last_words)
        sock.shutdown(socket.SHUT_WR)


def close(sock: socket.socket) -> None:
    """Close it, having taken what came: left unread, that would cost the caller the answer."""
    with suppress(OSError):  # nothing came, or the caller has given up
        sock.recv(65536)
    sock.close()
