"""Shops in real processes: embedded on SQLite, and as several web processes on PostgreSQL and Redis."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import throwaway
from tests.attack.running import Shop, serving
from tests.fixtures_servers import _need
from tests.process.conftest import SIMULATOR_KEY, _static_files
from tests.process.processes import environment, running, wait_until
from tests.throwaway import Server

__all__ = ["_static_files"]
UNLIMITED = dict.fromkeys(("API_CALLS_PER_10_SECONDS", "API_ADD_PER_10_SECONDS"), "0")


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a provider in a process of its own."""
    folder = tmp_path_factory.mktemp("upstream")
    env = environment(data_dir=folder / "simulator", SIMULATOR_KEY=SIMULATOR_KEY)
    argv = ["python", "manage.py", "run_simulator", "--bind", "127.0.0.1:0", "--state", "memory", "--services", "40"]
    with running([*argv, "--order-seconds", "3600"], env=env, log=folder / "simulator.log") as started:
        wait_until(lambda: "listens at " in started.said, of=started)
        yield started.said.partition("listens at ")[2].split()[0]


@pytest.fixture(scope="module")
def embedded(upstream: str) -> Iterator[Shop]:
    """The panel as one process on SQLite, with its jobs."""
    with tempfile.TemporaryDirectory(prefix="panel-attack.") as name:
        env = environment(data_dir=Path(name) / "data", ALLOWED_PRIVATE_HOSTS="127.0.0.1", **UNLIMITED)
        command = ["python", "manage.py", "run_panel"]
        with serving(command, env=env, simulator_url=upstream, log=Path(name) / "log") as shop:
            yield shop


@dataclass(frozen=True, slots=True)
class Scaled:
    """Two web processes, and the servers they lean on."""

    shop: Shop
    database: Server
    redis: Server


@pytest.fixture(scope="module")
def scaled(upstream: str) -> Iterator[Scaled]:
    """The panel as two web processes on servers of their own, to be maltreated and started again."""
    _need("postgres")
    _need("redis")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="panel-attack.")))
        database, database_url = stack.enter_context(throwaway.postgres_server(durable=False))
        redis, redis_url = stack.enter_context(throwaway.redis_server(append_only=False))
        env = environment(data_dir=folder / "data", DATABASE_URL=database_url, REDIS_URL=redis_url, **UNLIMITED)
        env |= {"ALLOWED_PRIVATE_HOSTS": "127.0.0.1", "WEB_CONCURRENCY": "2", "EXPECT_JOBS": "0"}
        command = ["python", "manage.py", "run_panel", "--no-jobs"]
        shop = stack.enter_context(serving(command, env=env, simulator_url=upstream, log=folder / "log"))
        yield Scaled(shop, database, redis)
