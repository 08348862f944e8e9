"""The web server's worker under more load than it can carry: what cannot be answered soon is refused at once.

A bounded queue keeps the wait short for those who are let in, and the panel is well again as soon as the load is gone.
"""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from gunicorn.util import close_graceful
from gunicorn.workers.gthread import ThreadWorker

WAITING_A_THREAD = 8
"""So many requests may wait for each thread; at 20 ms a request the last one waits a second or two."""
REFUSING_THREADS = 2
MOST_REFUSED_AT_ONCE = 500
PATIENCE_SECONDS = 0.5
BODY = b"The panel is busy. Please try again in a moment.\n"
ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\n"
    b"X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


class BoundedWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is not typed
    """Gunicorn's worker with threads, with a bound to what waits for them."""

    def init_process(self) -> None:
        self.refusing = ThreadPoolExecutor(REFUSING_THREADS, thread_name_prefix="refusing")
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        if self.tpool._work_queue.qsize() < self.cfg.threads * WAITING_A_THREAD:
            super().enqueue_req(conn)
            return
        self.nr_conns -= 1
        if self.refusing._work_queue.qsize() < MOST_REFUSED_AT_ONCE:
            self.refusing.submit(refuse, conn.sock)
        else:
            conn.close()


def refuse(sock: socket.socket) -> None:
    """Answer 503 and close, whether or not the request was read; nothing here waits long."""
    with suppress(OSError):  # the caller has given up
        sock.settimeout(PATIENCE_SECONDS)
        sock.recv(65536)
        sock.sendall(ANSWER)
    close_graceful(sock, timeout=PATIENCE_SECONDS)
