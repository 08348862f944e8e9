"""The web server's own reader of requests: its rate against gunicorn's threads, and customers' waits under attack.

Both servers run the same application with one process of eight threads; the call is `balance` of the API. The callers,
the attackers and the database share the two cores with the server.
"""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

from django.utils import timezone

from bench.attack import IDLE, SCATTERED, SLOW
from bench.figures import ROUNDS, Figures, clock
from bench.web import ROOT, post, rate, serving
from panel.customers.keys import issue_key
from panel.customers.models import User
from scripts.offspring import die_with_parent

APPLICATION = "bench.api_site:application"
THREADS = ("--workers", "1", "--threads", "8", "--worker-class")
OURS, PLAIN = "panel.server.worker.ReadingWorker", "gthread"
CALLS = 800
CUSTOMERS = [f"127.0.2.{number}" for number in range(1, 4)]
WATCHED_SECONDS = 15
LEAST_RATE, LONGEST_WAIT = 0.9, 2.0


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    user = User.objects.create_user("bench@example.com", "correct horse battery")
    key = issue_key(customer=user, name="bench", actor="bench", now=timezone.now()).secret.reveal()
    call = post("/api/v2", {"key": key, "action": "balance"})
    figures = Figures()
    with serving(APPLICATION, *THREADS, OURS) as ours, serving(APPLICATION, *THREADS, PLAIN) as plain:
        _rates(figures, call, ours=ours, plain=plain)
        alone, _ = _waits(ours, call)
        with _attacked(ours):
            attacked, refused = _waits(ours, call)
        with _attacked(plain):
            plain_waits, plain_refused = _waits(plain, call)
    figures.note(f"{IDLE} idle and {SLOW} slow connections of one address, {SCATTERED} slow ones of many:")
    figures.times("a customer's wait under attack", floor=alone, ours=attacked, limit=LONGEST_WAIT)
    figures.times(
        "the longest of them against the median alone", floor=[median(alone)], ours=[max(attacked)], limit=None
    )
    figures.holds("customers refused", found=refused, wanted=0)
    figures.note(f"gunicorn's threads answered {len(plain_waits)} under it and let down {plain_refused}")
    figures.close()


def _rates(figures: Figures, call: bytes, *, ours: int, plain: int) -> None:
    found: dict[int, list[float]] = {ours: [], plain: []}
    kept: dict[int, list[float]] = {ours: [], plain: []}
    for number in range(ROUNDS + 1):
        for port in (ours, plain) if number % 2 else (plain, ours):
            measured = rate(port, [call] * CALLS, holds=b"balance")
            measured_kept = _answers_on_one_connection(port, call)
            if number:  # the first round warms both up
                found[port].append(measured)
                kept[port].append(measured_kept)
    figures.rates("calls of the API, nobody attacks", floor=found[plain], ours=found[ours], limit=LEAST_RATE)
    figures.rates("the same on connections that are kept", floor=kept[plain], ours=kept[ours], limit=LEAST_RATE)


def _answers_on_one_connection(port: int, call: bytes) -> float:
    """How many a second, of callers who each keep their connection."""
    request = call.replace(b"Connection: close", b"Connection: keep-alive")

    def caller(address: str) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(address, 0)) as sock:
            for _ in range(CALLS // len(CUSTOMERS)):
                sock.sendall(request)
                while not (piece := sock.recv(65536)).endswith(b"}"):  # a JSON object ends the answer
                    if not piece:
                        raise RuntimeError("not answered")

    with ThreadPoolExecutor(len(CUSTOMERS)) as pool:
        return CALLS / clock(lambda: list(pool.map(caller, CUSTOMERS)))


def _waits(port: int, call: bytes) -> tuple[list[float], int]:
    """How long each of the customers' calls took that was answered, and how many were not."""
    until = time.monotonic() + WATCHED_SECONDS

    def customer(address: str) -> list[float | None]:
        waits = []
        while time.monotonic() < until:
            waits.append(_wait_of_one(port, call, address))
            time.sleep(0.01)
        return waits

    with ThreadPoolExecutor(len(CUSTOMERS)) as pool:
        waits = [wait for found in pool.map(customer, CUSTOMERS) for wait in found]
    answered = [wait for wait in waits if wait is not None]
    return answered, len(waits) - len(answered)


def _wait_of_one(port: int, call: bytes, address: str) -> float | None:
    started = time.perf_counter()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(address, 0)) as sock:
            sock.sendall(call)
            answer = sock.recv(65536)
    except OSError:
        return None
    return time.perf_counter() - started if answer.startswith(b"HTTP/1.1 200") else None


@contextmanager
def _attacked(port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.attack", str(port)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 (it only calls prctl)
    ) as process:
        try:
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise RuntimeError("the attack did not begin")
            yield
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
