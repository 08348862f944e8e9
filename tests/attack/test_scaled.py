"""Attacks on the panel as two web processes, on PostgreSQL and Redis that are taken away."""

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from tests.attack.conftest import Scaled
from tests.attack.running import SECONDS, TOTP_SECRET, Browser
from tests.process.processes import ask, wait_until

pytestmark = [pytest.mark.process, pytest.mark.postgres, pytest.mark.redis]
BROWSERS = 4
TRIES = 8
Record = Any


def test_two_processes_count_as_one(scaled: Scaled, record_property: Record) -> None:
    """One code of an app opens one session, and an account takes five wrong passwords, whichever process is asked."""
    shop = scaled.shop
    browsers = [Browser(shop.url) for _ in range(BROWSERS)]
    for browser in browsers:
        assert browser.sign_in("cid@example.com").headers["Location"].startswith("/accounts/2fa/authenticate/")
    code = str(format_hotp_value(hotp_value(TOTP_SECRET, next(iter(yield_hotp_counters_from_time())))))
    with ThreadPoolExecutor(BROWSERS) as pool:
        list(pool.map(lambda one: one.post("/accounts/2fa/authenticate/", code=code), browsers))
    opened = sum(browser.is_in for browser in browsers)
    assert opened == 1

    answers = [Browser(shop.url).sign_in("bob@example.com", "wrong wrong wrong").text for _ in range(TRIES)]
    checked = sum("Too many failed" not in answer for answer in answers)
    assert checked == 5
    record_property("figure", f"1 of {BROWSERS} sessions, 5 of {TRIES} passwords checked")


def test_without_redis_signing_in_and_ordering_go_on(scaled: Scaled, record_property: Record) -> None:
    shop, before = scaled.shop, scaled.shop.orders()
    assert ask(f"{shop.url}/healthz") == (200, "ok\n")
    scaled.redis.process.send_signal(signal.SIGKILL)
    scaled.redis.process.wait()
    numbers = {shop.call(**shop.add(link=f"away-{number}"))["order"] for number in range(3)}
    ana = Browser(shop.url)
    assert ana.sign_in("ana@example.com").status_code == 302
    assert ana.is_in
    assert shop.orders() == before + len(numbers) == before + 3
    health = wait_until(lambda: (said := ask(f"{shop.url}/healthz"))[1] != "ok\n" and said, of=shop.process)
    assert (health[0], health[1].splitlines()[0]) == (200, "degraded")
    answers = [Browser(shop.url).sign_in("bob@example.com", "wrong wrong wrong").text for _ in range(TRIES)]
    checked = sum("Too many failed" not in answer for answer in answers)
    assert checked == 5
    scaled.redis.start()
    wait_until(lambda: ask(f"{shop.url}/healthz") == (200, "ok\n"), of=shop.process)
    record_property("figure", f"3 orders; 5 of {TRIES} passwords checked")


def test_without_the_database_callers_are_asked_to_come_back(scaled: Scaled, record_property: Record) -> None:
    shop = scaled.shop
    before, balance = shop.orders(), shop.balance()
    scaled.database.stop()
    for path in ("/accounts/login/", "/orders/"):
        page = requests.get(f"{shop.url}{path}", cookies={"session": "x" * 32}, timeout=SECONDS)
        assert page.status_code == 503, path
        assert int(page.headers["Retry-After"]) >= 1
    call = requests.post(f"{shop.url}/api/v2", data=shop.add(link="lost"), timeout=SECONDS)
    assert call.status_code == 503
    assert set(call.json()) == {"error"}
    assert ask(f"{shop.url}/healthz")[0] == 503
    scaled.database.start()
    wait_until(lambda: ask(f"{shop.url}/healthz")[0] == 200, of=shop.process)
    assert (shop.orders(), shop.balance()) == (before, balance)
    assert "order" in shop.call(**shop.add(link="found"))
    record_property("figure", f"Retry-After {page.headers['Retry-After']} s")
