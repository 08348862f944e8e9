"""What tests of real processes share: collected static files, a data directory, and a provider of their own."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.process.processes import ROOT, Running, ask, compose_command, environment, running, wait_until
from tests.throwaway import free_port

SIMULATOR_KEY = "simulator-key-for-processes"


@pytest.fixture(scope="session", autouse=True)
def _static_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Pages name their static files by content, so these have to be collected; quick where they are."""
    collect = "import sys; from pathlib import Path; from scripts.setup import collect_static as c; "
    env = environment(data_dir=tmp_path_factory.mktemp("static"))
    with (tmp_path_factory.getbasetemp().parent / "static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(
            [sys.executable, "-c", collect + "c(python=Path(sys.executable))"], cwd=ROOT, env=env, check=True
        )


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data directory."""
    return tmp_path / "data"


@pytest.fixture
def simulator_url(tmp_path: Path) -> Iterator[str]:
    """The address of a provider in a process of its own, whose orders are delivered in a second."""
    env = environment(data_dir=tmp_path / "simulator", SIMULATOR_KEY=SIMULATOR_KEY)
    argv = ["python", "manage.py", "run_simulator", "--bind", "127.0.0.1:0", "--state", "memory", "--services", "40"]
    argv += ["--order-seconds", "1", "--partial-share", "0", "--canceled-share", "0"]
    with running(argv, env=env, log=tmp_path / "simulator.log") as started:
        wait_until(lambda: "listens at " in started.said, of=started)
        yield started.said.partition("listens at ")[2].split()[0]


@pytest.fixture
def site(env: dict[str, str], tmp_path: Path) -> Iterator[tuple[str, dict[str, Running]]]:
    """The web, workers and beat on the module's `env`, by the compose file's commands; the web's address and them."""
    port = free_port()
    commands = {name: compose_command(name) for name in ("web", "worker", "placing", "beat")}
    assert commands["web"][-2:] == ["--bind", "0.0.0.0:8000"]
    commands["web"][-1] = f"127.0.0.1:{port}"
    with ExitStack() as stack:
        started = {
            name: stack.enter_context(running(argv, env=env, log=tmp_path / f"{name}.log"))
            for name, argv in commands.items()
        }
        wait_until(lambda: ask(f"http://127.0.0.1:{port}/healthz")[0] == 200, of=started["web"])
        yield f"http://127.0.0.1:{port}", started
