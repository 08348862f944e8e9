"""What the panel leans on is half-dead, gone, or hangs: the website goes on, and what was ordered is sent later."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests import throwaway
from tests.process.conftest import SIMULATOR_KEY
from tests.process.processes import Running, ask, compose_command, environment, managed, migrate, running, wait_until

pytestmark = [pytest.mark.process, pytest.mark.postgres, pytest.mark.redis]
Site = tuple[str, dict[str, Running]]
PATIENCE_SECONDS = 120
CUSTOMER = "anna@example.com"


@pytest.fixture
def broker() -> Iterator[tuple[throwaway.Server, str]]:
    """A Redis server of the test's own, to be maltreated, and its REDIS_URL."""
    with throwaway.redis_server(append_only=True) as server:
        yield server


@pytest.fixture
def env(data_dir: Path, postgres_url: str, broker: tuple[throwaway.Server, str], simulator_url: str) -> dict[str, str]:
    """A shop with one customer, stocked before the jobs start: two syncs at once would overtake each other."""
    quick = dict.fromkeys(("POLL_SECONDS", "SWEEP_SECONDS"), "1")
    found = environment(data_dir=data_dir, DATABASE_URL=postgres_url, REDIS_URL=broker[1], **quick)
    found |= {"ALLOWED_PRIVATE_HOSTS": "127.0.0.1", "WEB_CONCURRENCY": "1"}
    migrate(env=found)
    managed("add_provider", "Upstream", "--url", simulator_url, "--key", SIMULATOR_KEY, env=found)
    managed("sync_services", "Upstream", env=found)
    managed("set_markup", "--percent", "50", env=found)
    managed("add_customer", CUSTOMER, "--credit", "100", env=found)
    return found


@pytest.fixture
def shop(env: dict[str, str]) -> dict[str, Any]:
    """What an order by the API is made of."""
    service = next(s for s in managed("list_services", env=env)["services"] if s["type"] == "Default")
    key = managed("issue_api_key", CUSTOMER, env=env)["key"]
    return {"key": key, "action": "add", "service": service["id"], "quantity": service["min"]}


def order(address: str, shop: dict[str, Any], link: str) -> int:
    """The number of an order that the API took."""
    call = {**shop, "link": f"https://example.com/{link}"}
    answer = requests.post(f"{address}/api/v2", data=call, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200, answer.text
    return int(json.loads(answer.text)["order"])


def state(number: int, env: dict[str, str]) -> Any:
    return managed("show_order", str(number), env=env)["state"]


def test_redis_stops_answering_and_dies(
    site: Site, env: dict[str, str], shop: dict[str, Any], broker: tuple[throwaway.Server, str]
) -> None:
    (address, started), (server, _) = site, broker
    server.process.send_signal(signal.SIGSTOP)
    half_dead = order(address, shop, "half-dead")
    assert ask(f"{address}/accounts/login/")[0] == 200
    server.process.send_signal(signal.SIGCONT)
    server.process.kill()
    gone = order(address, shop, "gone")
    assert ask(f"{address}/accounts/login/")[0] == 200
    server.start()
    with ExitStack() as restarted:

        def is_bought(number: int) -> bool:
            for name in ("worker", "placing"):  # the compose file restarts them; Celery may give up with its broker
                if started[name].process.poll() is not None:
                    again = running(compose_command(name), env=env, log=started[name].log)
                    started[name] = restarted.enter_context(again)
            return state(number, env) in {"ACTIVE", "COMPLETED"}

        for number in (half_dead, gone):
            wait_until(partial(is_bought, number))
    assert managed("check_ledger", env=env)["differences"] == []


def test_a_provider_that_hangs_does_not_hold_the_website_up(
    site: Site, env: dict[str, str], shop: dict[str, Any], postgres_url: str
) -> None:
    address, started = site
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections and never says a word
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api/v2"
        with psycopg.connect(postgres_url, autocommit=True) as database:
            database.execute("UPDATE providers_provider SET url = %s", [url])
        numbers = [order(address, shop, f"{number}") for number in range(4)]
        wait_until(lambda: any(state(number, env) == "SENDING" for number in numbers), of=started["worker"])
        assert ask(f"{address}/accounts/login/")[0] == 200
        assert order(address, shop, "more") > max(numbers)
        assert any(state(number, env) == "SENDING" for number in numbers)
