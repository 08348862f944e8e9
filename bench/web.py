"""A gunicorn, by default with two sync workers, and callers that keep it busy over the loopback with raw requests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench.figures import clock
from scripts.offspring import die_with_parent
from tests.throwaway import free_port

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
CALLERS = 4


@contextmanager
def serving(application: str, *options: str) -> Iterator[int]:
    """Serve `module:name` with these options of gunicorn; the port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    command += options or ("--workers", str(WORKERS), "--worker-class", "sync")
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(os.environ),
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 (it only calls prctl)
    ) as process:
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()


def get(path: str) -> bytes:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()


def post(path: str, words: dict[str, object]) -> bytes:
    """A POST of a form, by a caller that takes compressed answers."""
    body = urlencode(words)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAccept-Encoding: gzip\r\n"
    head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def rate(port: int, requests: Sequence[bytes], *, holds: bytes = b"") -> float:
    """How many of these are answered a second; every answer is a 200, and has `holds` in it."""

    def call(mine: Sequence[bytes]) -> None:
        for request in mine:
            answer = ask(port, request)
            if not answer.startswith(b"HTTP/1.1 200") or holds not in answer:
                raise RuntimeError(f"answered with {answer[:300]!r}")

    parts = [requests[number::CALLERS] for number in range(CALLERS)]
    with ThreadPoolExecutor(CALLERS) as pool:
        return len(requests) / clock(_all(pool, call, parts))


def ask(port: int, request: bytes) -> bytes:
    """The whole answer, head and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        pieces = []
        while piece := connection.recv(1 << 20):
            pieces.append(piece)
        return b"".join(pieces)


def _all(
    pool: ThreadPoolExecutor, call: Callable[[Sequence[bytes]], None], parts: Sequence[Sequence[bytes]]
) -> Callable[[], object]:
    return lambda: list(pool.map(call, parts))


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("gunicorn did not start")
