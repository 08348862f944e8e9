"""What takes minutes and a quiet machine: floods, slow senders, and times that could tell who has an account."""

import http.client
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from tests.attack.running import PASSWORD, SECONDS, Browser, Shop, serving
from tests.process.processes import ROOT, environment

pytestmark = pytest.mark.process
A_SECOND, FLOODED_SECONDS = 100, 15
SIGN_UPS = 15
MOST_SLOWER = 2.0
UNEVEN = 0.2
Record = Any
addresses = count(1)


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


class Caller:
    """Sends forms of the sign-in and the sign-up, each from an address of its own on the loopback."""

    def __init__(self, shop: Shop) -> None:
        browser = Browser(shop.url)
        page = browser.get("/accounts/login/").text
        self.port = int(shop.url.rpartition(":")[2])
        self.token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        self.cookies = "; ".join(f"{name}={value}" for name, value in browser.session.cookies.items())

    def post(self, path: str, **fields: str) -> tuple[int, float]:
        """The status of the answer, 0 without one, and how long it took."""
        number = next(addresses)
        source = f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookies}
        body = urlencode({"csrfmiddlewaretoken": self.token, **fields})
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS, source_address=(source, 0))
        try:
            connection.request("POST", path, body, headers)
            status = connection.getresponse().status
        except OSError:
            status = 0
        finally:
            connection.close()
        return status, time.perf_counter() - began


def ordering(shop: Shop, mark: str, seconds: float) -> list[float]:
    """How long each order of a customer took who places one after the other."""
    times, until = [], time.monotonic() + seconds
    for number in count():
        if time.monotonic() > until:
            return times
        began = time.perf_counter()
        answer = shop.call(**shop.add(link=f"{mark}-{number}"))
        times.append(time.perf_counter() - began)
        assert "order" in answer, answer
        time.sleep(0.05)
    return times


def test_a_flood_of_sign_ups_and_sign_ins_leaves_room_for_orders(embedded: Shop, record_property: Record) -> None:
    caller, statuses, ended = Caller(embedded), Counter[int](), threading.Event()

    def attempt(number: int) -> None:
        if number % 2:
            status, _ = caller.post("/accounts/login/", login=f"nobody{number}@example.com", password="wrong wrong")
        else:
            status, _ = caller.post("/accounts/signup/", email=f"new{number}@example.com", password1=PASSWORD)
        statuses[status] += 1

    def flood() -> None:
        began = time.monotonic()
        with ThreadPoolExecutor(50) as pool:
            for number in count():
                if ended.wait(max(0.0, began + number / A_SECOND - time.monotonic())):
                    return
                pool.submit(attempt, number)

    ordering(embedded, "warm", 2)
    alone = p95(ordering(embedded, "alone", FLOODED_SECONDS))
    flooding = threading.Thread(target=flood)
    flooding.start()
    try:
        flooded = p95(ordering(embedded, "flooded", FLOODED_SECONDS))
    finally:
        ended.set()
        flooding.join()
    sent = sum(statuses.values())
    answered = ", ".join(f"{number} x {status}" for status, number in sorted(statuses.items()))
    figure = (
        f"p95 {1000 * alone:.0f} ms alone, {1000 * flooded:.0f} ms flooded; {sent / FLOODED_SECONDS:.0f}/s: {answered}"
    )
    record_property("figure", figure)
    assert sent >= 0.8 * A_SECOND * FLOODED_SECONDS, figure
    assert flooded <= MOST_SLOWER * alone, figure


@pytest.fixture
def confirming(upstream: str) -> Iterator[Shop]:
    """A shop that confirms addresses by mail."""
    with tempfile.TemporaryDirectory(prefix="panel-attack.") as name:
        env = environment(data_dir=Path(name) / "data", EMAIL_URL="dummymail://", EXPECT_JOBS="0")
        env |= {"ALLOWED_PRIVATE_HOSTS": "127.0.0.1"}
        command = ["python", "manage.py", "run_panel", "--no-jobs"]
        with serving(command, env=env, simulator_url=upstream, log=Path(name) / "log") as shop:
            yield shop


def test_the_time_of_a_sign_up_does_not_tell_who_has_an_account(confirming: Shop, record_property: Record) -> None:
    caller = Caller(confirming)
    times: dict[str, list[float]] = {"taken": [], "new": []}
    for number in range(SIGN_UPS):
        for kind, email in (("taken", "ana@example.com"), ("new", f"new{number}@example.com")):
            status, seconds = caller.post("/accounts/signup/", email=email, password1=PASSWORD)
            assert status == 302
            times[kind].append(seconds)
    taken, new = median(times["taken"]), median(times["new"])
    record_property("figure", f"{1000 * taken:.0f} ms taken, {1000 * new:.0f} ms new")
    assert abs(taken - new) <= UNEVEN * max(taken, new)


def test_slow_senders_leave_the_others_their_answers(record_property: Record) -> None:
    """The benchmark: customers' waits beside 1,500 idle connections and 400 that send a byte a second."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.bench_slow_senders"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    waits = [line for line in done.stdout.splitlines() if re.search("wait|attack", line, re.IGNORECASE)]
    record_property("figure", " ".join(waits[-1].split()) if waits else "")
    assert done.returncode == 0, done.stdout + done.stderr


def test_unlimited_uploads_end(embedded: Shop, record_property: Record) -> None:
    """Chunks without end: the server closes soon after its limit."""

    def endless() -> Iterator[bytes]:
        for _ in range(2000):
            sent.append(1)
            yield b"x" * 65536

    sent: list[int] = []
    try:
        status = requests.post(f"{embedded.url}/api/v2", data=endless(), timeout=SECONDS).status_code
    except requests.exceptions.ConnectionError:
        status = 0
    megabytes = len(sent) * 65536 / 1024 / 1024
    record_property("figure", f"cut off after {megabytes:.1f} MB")
    assert status in {0, 413}
    assert megabytes < 20
