"""The panel's real processes for tests: with an environment of their own, watched, and stopped with the test."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from scripts.offspring import die_with_parent
from tests import template
from tests.template import KEPT

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
PATIENCE = 180


def environment(*, data_dir: Path, **more: str) -> dict[str, str]:
    """What a process of the panel is started with: nothing of this test run's own settings."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"} | more


@dataclass(frozen=True, slots=True)
class Running:
    """A started process and its log."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def start(argv: list[str], *, env: dict[str, str], log: Path) -> Running:
    """Start `argv` as in the compose file: `python` and `celery` are this environment's."""
    program = sys.executable if argv[0] == "python" else str(BIN / argv[0])
    with log.open("ab") as output:
        process = subprocess.Popen(
            [program, *argv[1:]],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 (it only calls prctl)
        )
    return Running(process=process, log=log)


@contextmanager
def running(argv: list[str], *, env: dict[str, str], log: Path) -> Iterator[Running]:
    """The same for a while: stopped at the end, or killed where it does not stop."""
    started = start(argv, env=env, log=log)
    process = started.process
    try:
        yield started
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_until(condition: Callable[[], Any], *, of: Running | None = None) -> Any:
    """What `condition` gives once it is true; the test fails with the process's log when it never is."""
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        said = f"\n{of.said}" if of else ""
        assert of is None or of.process.poll() is None, f"It ended with {of and of.process.returncode}:{said}"
        assert time.monotonic() < deadline, f"It never came to be.{said}"
        time.sleep(0.1)
    return result


def ask(url: str) -> tuple[int, str]:
    """The status and text of a page; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (addresses of this test)
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def compose_command(service: str) -> list[str]:
    """What the compose file runs for a service."""
    command: list[str] = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"][service]["command"]
    return command


def manage(*argv: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one of the panel's commands to its end."""
    command = [sys.executable, "manage.py", *argv]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=2 * PATIENCE, check=False)


def managed(*argv: str, env: dict[str, str]) -> dict[str, Any]:
    """The JSON object that a command answers with; the test fails when the command does."""
    done = manage(*argv, "--json", env=env)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def migrate(*, env: dict[str, str]) -> None:
    """Give a panel with this environment its database: a clone of the one that was migrated once."""
    data_dir = Path(env["DATA_DIR"])
    if "DATABASE_URL" in env:
        template.clone_postgres(env["DATABASE_URL"])
    else:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        template.copy_sqlite(data_dir / "panel.sqlite3")


def offspring(pid: int) -> list[int]:
    """The processes that `pid` has started and that still run."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in children.read_text().split()]


def is_running(pid: int) -> bool:
    """Whether `pid` still does something: gone and defunct processes do not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
