"""Look up a host's addresses for as long as the caller can wait. Called by sockets.

The system's look-up cannot be interrupted: one that hangs goes on in a thread of its own, and nobody waits for it.
"""

import socket
import threading
from concurrent.futures import Future
from typing import Any

MOST_THREADS = 32
"""Look-ups at a time in threads. Beyond that the caller looks up itself, and waits for as long as that takes."""

_places = threading.BoundedSemaphore(MOST_THREADS)


def look_up(host: str, port: int, *, seconds: float) -> list[Any]:
    """What `socket.getaddrinfo` answers or raises; TimeoutError where it did neither in so many seconds."""
    if not _places.acquire(blocking=False):
        return _ask(host, port)
    found: Future[list[Any]] = Future()
    try:
        threading.Thread(target=_answer, args=(found, host, port), name="look-up", daemon=True).start()
    except RuntimeError:  # no thread can be started
        _places.release()
        return _ask(host, port)
    return found.result(timeout=seconds)


def _answer(found: Future[list[Any]], host: str, port: int) -> None:
    try:
        found.set_result(_ask(host, port))
    except BaseException as problem:  # noqa: BLE001 (raised where it is waited for)
        found.set_exception(problem)
    finally:
        _places.release()


def _ask(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
