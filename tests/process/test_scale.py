"""The panel at scale: the compose file's own commands on PostgreSQL and Redis, and an order driven through them."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.process.conftest import SIMULATOR_KEY
from tests.process.processes import Running, ask, environment, managed, migrate, wait_until

pytestmark = [pytest.mark.process, pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
def env(data_dir: Path, postgres_url: str, redis_url: str, simulator_url: str) -> dict[str, str]:
    """A shop stocked before the jobs start (two syncs at once would overtake each other), which look every second."""
    quick = dict.fromkeys(("POLL_SECONDS", "SWEEP_SECONDS"), "1")
    found = environment(data_dir=data_dir, DATABASE_URL=postgres_url, REDIS_URL=redis_url, **quick)
    found |= {"ALLOWED_PRIVATE_HOSTS": "127.0.0.1", "WEB_CONCURRENCY": "2"}
    migrate(env=found)
    managed("add_provider", "Upstream", "--url", simulator_url, "--key", SIMULATOR_KEY, env=found)
    assert managed("sync_services", "Upstream", env=found)["added"] == 40
    managed("set_markup", "--percent", "50", env=found)
    managed("add_customer", "anna@example.com", "--credit", "100", env=found)
    return found


def test_an_order_is_bought_followed_and_completed_by_the_workers(
    site: tuple[str, dict[str, Running]], env: dict[str, str], postgres_url: str
) -> None:
    address, started = site
    service = next(s for s in managed("list_services", env=env)["services"] if s["type"] == "Default")
    placed = managed(
        *("place_order", "anna@example.com", str(service["id"])),
        *("--link", "https://example.com/anna", "--quantity", str(service["min"])),
        env=env,
    )

    def state() -> dict[str, Any]:
        return managed("show_order", str(placed["order"]), env=env)

    wait_until(lambda: state()["state"] == "ACTIVE", of=started["worker"])
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute("UPDATE orders_order SET next_poll_at = now()")  # else its first look comes after a minute
        wait_until(lambda: _due_again_or_done(database, state), of=started["worker"])
    done = state()
    assert done["state"] == "COMPLETED"
    assert done["charge"] == placed["charge"]
    assert done["refunded"] == "0"
    assert done["provider_order_id"] == "23501"
    assert managed("check_ledger", env=env)["differences"] == []
    assert ask(f"{address}/healthz") == (200, "ok\n")
    stopped = {name: process.stop() for name, process in started.items()}
    assert stopped == {"web": 0, "worker": 0, "placing": 0, "beat": 0}
    assert SIMULATOR_KEY not in "".join(process.said for process in started.values())


def _due_again_or_done(database: psycopg.Connection[Any], state: Any) -> bool:
    """Whether the order is completed; else its next look is made due now."""
    if state()["state"] == "COMPLETED":
        return True
    database.execute("UPDATE orders_order SET next_poll_at = now() WHERE state = 'ACTIVE'")
    return False
