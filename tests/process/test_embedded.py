"""The embedded default as it is run: one command, SQLite, pages and jobs in one process."""

import os
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.process.processes import ask, environment, is_running, manage, migrate, offspring, running, wait_until
from tests.throwaway import free_port

pytestmark = pytest.mark.process
RUN_PANEL = ["python", "manage.py", "run_panel"]


def jobs_done(data_dir: Path) -> set[str]:
    """The scheduled jobs that have finished at least once."""
    with sqlite3.connect(data_dir / "panel.sqlite3") as database:
        rows = database.execute("SELECT name FROM ops_jobrun WHERE finished_at IS NOT NULL AND ok")
        return {name.rpartition(".")[2] for (name,) in rows}


def test_it_serves_pages_runs_the_jobs_and_stops_cleanly(data_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    env = environment(data_dir=data_dir, PORT=str(port))
    migrate(env=env)
    with running(RUN_PANEL, env=env, log=tmp_path / "panel.log") as panel:
        wait_until(lambda: ask(f"{site}/healthz") == (200, "ok\n"), of=panel)
        status, page = ask(f"{site}/accounts/login/?key=canary-in-the-query")
        assert status == 200
        assert 'name="login"' in page
        assert 'name="password"' in page
        assert ask(f"{site}/healthz/web") == (200, "ok\n")
        expected = {"sync_services", "sweep_orders", "poll_orders", "poll_refills", "poll_cancels", "read_balances"}
        expected |= {"check_books", "measure_times"}
        wait_until(lambda: jobs_done(data_dir) >= expected, of=panel)
        processes = [panel.process.pid, *offspring(panel.process.pid)]
        assert len(processes) == 2  # gunicorn's parent, and the one that serves and runs the jobs
        assert panel.stop() == 0
    assert [pid for pid in processes if is_running(pid)] == []
    assert "path=/accounts/login/ status=200" in panel.said
    assert "canary-in-the-query" not in panel.said
    assert "Traceback" not in panel.said


def test_only_the_owner_reads_the_secrets(data_dir: Path) -> None:
    assert manage("migrate", "--no-input", env=environment(data_dir=data_dir)).returncode == 0
    assert (data_dir / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert data_dir.stat().st_mode & 0o777 == 0o700


def test_a_killed_worker_process_is_replaced_and_a_killed_parent_takes_it_along(data_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    env = environment(data_dir=data_dir, PORT=str(port))
    migrate(env=env)
    with running(RUN_PANEL, env=env, log=tmp_path / "panel.log") as panel:
        wait_until(lambda: ask(f"http://127.0.0.1:{port}/healthz")[0] == 200, of=panel)
        (first,) = offspring(panel.process.pid)
        os.kill(first, signal.SIGKILL)
        (second,) = wait_until(lambda: [pid for pid in offspring(panel.process.pid) if pid != first], of=panel)
        wait_until(lambda: ask(f"http://127.0.0.1:{port}/healthz")[0] == 200, of=panel)
        panel.process.kill()
        panel.process.wait()
        wait_until(lambda: not is_running(second))


def test_without_jobs_it_only_serves(data_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    env = environment(data_dir=data_dir, PORT=str(port))
    migrate(env=env)
    with running([*RUN_PANEL, "--no-jobs"], env=env, log=tmp_path / "panel.log") as panel:
        wait_until(lambda: ask(f"http://127.0.0.1:{port}/healthz") == (200, "ok\n"), of=panel)
        assert panel.stop() == 0
    assert "Connected to memory" not in panel.said
    assert jobs_done(data_dir) == set()


def test_tables_of_an_older_version_are_refused(data_dir: Path) -> None:
    done = manage("run_panel", "--bind", f"127.0.0.1:{free_port()}", env=environment(data_dir=data_dir))
    assert done.returncode == 1
    assert "run `manage.py migrate` first" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("ALLOWED_HOSTS", "*", "panel.E002"),
        ("LEASE_SECONDS", "10", "panel.E006"),
        ("SECRET_KEY", "short", "panel.E003"),
    ],
)
def test_a_dangerous_setting_is_refused(data_dir: Path, name: str, value: str, check: str) -> None:
    done = manage("run_panel", env=environment(data_dir=data_dir, **{name: value}))
    assert done.returncode == 1
    assert check in done.stderr
