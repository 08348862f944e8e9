"""`make run`'s supervisor: everything comes up, comes back with its data, and goes together."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process.conftest import SIMULATOR_KEY
from tests.process.processes import Running, ask, environment, is_running, migrate, offspring, running, wait_until
from tests.throwaway import free_port

pytestmark = pytest.mark.process
START = ["python", "-m", "scripts.start"]


@pytest.fixture
def env(data_dir: Path) -> dict[str, str]:
    """The environment of a first run: nothing but a place and a port, and the tables laid."""
    found = environment(data_dir=data_dir, PORT=str(free_port()))
    migrate(env=found)
    return found


@contextmanager
def started(env: dict[str, str], log: Path) -> Iterator[Running]:
    """The supervisor, once it has said that everything answers."""
    with running(START, env=env, log=log) as supervisor:
        wait_until(lambda: "Ctrl-C stops everything." in supervisor.said, of=supervisor)
        yield supervisor


def rows(data_dir: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(data_dir / "panel.sqlite3") as database:
        return list(database.execute(query))


def test_the_demo_comes_up_is_seeded_once_and_comes_back(env: dict[str, str], data_dir: Path, tmp_path: Path) -> None:
    site = f"http://127.0.0.1:{env['PORT']}"
    with started(env, tmp_path / "first.log") as first:
        assert ask(f"{site}/healthz") == (200, "ok\n")
        assert first.stop(signal.SIGINT) == 0
    providers = rows(data_dir, "SELECT url FROM providers_provider")
    users = rows(data_dir, "SELECT email, is_superuser FROM customers_user ORDER BY email")
    assert users == [("customer@demo.example", 0), ("staff@demo.example", 1)]
    assert rows(data_dir, "SELECT balance FROM wallet_account WHERE customer_id IS NOT NULL") == [(250_000_000,)]
    sign_ins = data_dir / "sign-ins.txt"
    passwords = [line.split()[1] for line in sign_ins.read_text().splitlines()]
    assert len(passwords) == 2
    assert all(password in first.said for password in passwords)
    assert sign_ins.stat().st_mode & 0o777 == 0o600
    with started(env, tmp_path / "second.log") as second:
        assert ask(f"{site}/healthz") == (200, "ok\n")
        assert f"{providers[0][0]}" in second.said
        assert not any(password in second.said for password in passwords)
        assert second.stop(signal.SIGTERM) == 0
    assert rows(data_dir, "SELECT url FROM providers_provider") == providers
    assert len(rows(data_dir, "SELECT id FROM customers_user")) == 2


def test_nobody_outlives_a_killed_supervisor(env: dict[str, str], tmp_path: Path) -> None:
    with started(env, tmp_path / "log") as supervisor:
        family = [pid for child in offspring(supervisor.process.pid) for pid in (child, *offspring(child))]
        assert len(family) == 3  # the simulator, the panel and its worker
        supervisor.process.kill()
        supervisor.process.wait()
        wait_until(lambda: not any(is_running(pid) for pid in family))


def test_when_one_part_dies_all_stop_and_it_says_which(env: dict[str, str], tmp_path: Path) -> None:
    with started(env, tmp_path / "log") as supervisor:
        simulator, panel = offspring(supervisor.process.pid)
        os.kill(simulator, signal.SIGKILL)
        assert supervisor.process.wait(60) == 1
        assert not is_running(panel)
    assert "The simulator ended by itself (-9)." in supervisor.said


def test_a_second_run_on_the_same_data_is_refused(env: dict[str, str], tmp_path: Path) -> None:
    other = env | {"PORT": str(free_port())}
    with started(env, tmp_path / "log"), running(START, env=other, log=tmp_path / "other.log") as second:
        assert second.process.wait(60) == 1
        assert second.said == f"Another `make run` is running on {env['DATA_DIR']}.\n"


def test_a_real_provider_is_connected_instead_of_the_simulator(
    env: dict[str, str], data_dir: Path, tmp_path: Path, simulator_url: str
) -> None:
    key_file = tmp_path / "key"
    key_file.write_text(SIMULATOR_KEY)
    given = {"PROVIDER_URL": simulator_url, "PROVIDER_KEY_FILE": str(key_file), "ALLOWED_PRIVATE_HOSTS": "127.0.0.1"}
    with started(env | given, tmp_path / "log") as supervisor:
        assert len(offspring(supervisor.process.pid)) == 1
        assert "Simulator" not in supervisor.said
        assert supervisor.stop() == 0
    assert rows(data_dir, "SELECT url FROM providers_provider") == [(simulator_url,)]
    assert len(rows(data_dir, "SELECT id FROM providers_upstreamservice")) == 40
    assert SIMULATOR_KEY not in supervisor.said + (data_dir / "log" / "panel.log").read_text()


def test_half_a_provider_is_refused(env: dict[str, str], tmp_path: Path) -> None:
    half = env | {"PROVIDER_URL": "https://provider.example/api/v2"}
    with running(START, env=half, log=tmp_path / "log") as supervisor:
        assert supervisor.process.wait(60) == 1
        assert supervisor.said.startswith("Set both PROVIDER_URL and PROVIDER_KEY")
