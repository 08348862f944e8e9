"""What takes minutes and a quiet machine: floods, slow senders, and times that could tell who has an account."""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest
import requests

from tests.attack.flood import A_SECOND, Caller
from tests.attack.running import PASSWORD, SECONDS, Browser, Shop, serving
from tests.process.processes import ROOT, environment, manage

pytestmark = pytest.mark.process
FLOODED_SECONDS = 15
SIGN_UPS = 15
MOST_SLOWER = 2.0
UNEVEN = 0.2
TAKEN = f"""
from panel.customers.models import User
for number in range({SIGN_UPS}):
    User.objects.create_user(f"taken{{number}}@example.com")
"""
Record = Any


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def caller_of(shop: Shop) -> Caller:
    """Who has opened the page of the sign-in."""
    browser = Browser(shop.url)
    token = browser.get("/accounts/login/").text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    cookies = "; ".join(f"{name}={value}" for name, value in browser.session.cookies.items())
    return Caller(int(shop.url.rpartition(":")[2]), token, cookies)


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
    ordering(embedded, "warm", 2)
    alone = p95(ordering(embedded, "alone", FLOODED_SECONDS))
    caller = caller_of(embedded)
    command = [sys.executable, "-m", "tests.attack.flood", str(caller.port), caller.token, caller.cookies]
    with subprocess.Popen([*command, str(FLOODED_SECONDS + 4)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as flood:
        time.sleep(2)
        flooded = p95(ordering(embedded, "flooded", FLOODED_SECONDS))
        statuses = json.loads(flood.communicate(timeout=2 * SECONDS)[0])
    sent = sum(statuses.values())
    answered = ", ".join(f"{number} x {status}" for status, number in sorted(statuses.items()))
    figure = f"p95 {1000 * alone:.0f} ms alone, {1000 * flooded:.0f} ms flooded: {answered}"
    record_property("figure", figure)
    assert sent == A_SECOND * (FLOODED_SECONDS + 4)
    assert statuses.get("0", 0) < sent / 100, figure
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
    made = manage("shell", "-c", TAKEN, env=confirming.env)
    assert made.returncode == 0, made.stderr
    caller = caller_of(confirming)
    times: dict[str, list[float]] = {"taken": [], "new": []}
    for number in range(SIGN_UPS):
        for kind, email in (("taken", f"taken{number}@example.com"), ("new", f"new{number}@example.com")):
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
