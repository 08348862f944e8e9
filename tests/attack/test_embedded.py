"""Attacks on the panel as one process on SQLite."""

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.attack.running import PASSWORD, SECONDS, Shop, secrets_of
from tests.process.processes import ask, environment, migrate, offspring, running, wait_until
from tests.throwaway import free_port

pytestmark = pytest.mark.process
AT_ONCE = 8
MEGABYTE = 1024 * 1024
Record = Any


@pytest.mark.parametrize("kind", ["JSON", "form", "multipart"])
def test_an_order_sent_many_times_with_one_idempotency_key_is_one(
    embedded: Shop, record_property: Record, kind: str
) -> None:
    words = embedded.add(link=f"once-{kind}")
    body: dict[str, Any] = {
        "JSON": {"data": json.dumps(words), "headers": {"Content-Type": "application/json"}},
        "form": {"data": words},
        "multipart": {"files": {name: (None, str(value)) for name, value in words.items()}},
    }[kind]
    body["headers"] = {**body.get("headers", {}), "Idempotency-Key": f"key-{kind}"}
    before = embedded.orders()

    def send(_: int) -> Any:
        return requests.post(f"{embedded.url}/api/v2", timeout=SECONDS, **body).json()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(send, range(AT_ONCE)))
    assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
    assert set(answers[0]) == {"order"}
    assert embedded.orders() == before + 1
    balance = embedded.balance()
    other = embedded.call(**embedded.add(link="other", idempotency_key=f"key-{kind}"))
    assert other == {"error": "This idempotency key was used for another order"}
    assert (embedded.orders(), embedded.balance()) == (before + 1, balance)
    record_property("figure", f"{AT_ONCE} at once, 1 order")


@pytest.mark.parametrize("drip", [("999999999", "1"), ("2", "999999999"), ("999999999", "999999999")])
def test_absurd_runs_and_intervals_are_refused(embedded: Shop, drip: tuple[str, str]) -> None:
    before = (embedded.orders(), embedded.balance())
    answer = embedded.call(**embedded.add(link="absurd", runs=drip[0], interval=drip[1]))
    assert answer == {"error": "Incorrect request"}
    assert (embedded.orders(), embedded.balance()) == before


def test_no_answer_names_the_server_and_all_carry_the_headers(embedded: Shop) -> None:
    for path in ("/", "/accounts/login/", "/nothing-here/", "/healthz", "/api/v2", "/admin/"):
        answer = requests.get(f"{embedded.url}{path}", timeout=SECONDS, allow_redirects=False)
        assert "Server" not in answer.headers, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert "camera=()" in answer.headers["Permissions-Policy"], path
        assert "default-src" in answer.headers["Content-Security-Policy"], path


def test_behind_https_browsers_are_kept_to_it(tmp_path: Path) -> None:
    port = free_port()
    env = environment(
        data_dir=tmp_path / "data", EXPECT_JOBS="0", BEHIND_PROXY="1", SITE_URL="https://panel.example.com"
    )
    migrate(env=env)
    command = ["python", "manage.py", "run_panel", "--no-jobs", "--bind", f"127.0.0.1:{port}"]
    with running(command, env=env, log=tmp_path / "log") as panel:
        wait_until(lambda: ask(f"http://127.0.0.1:{port}/healthz/web")[0], of=panel)
        headers = {"Host": "panel.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
        answer = requests.get(f"http://127.0.0.1:{port}/accounts/login/", headers=headers, timeout=SECONDS)
        assert answer.status_code == 200
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert "__Host-" in answer.headers["Set-Cookie"]
        assert "Server" not in answer.headers


def test_no_secret_is_in_the_list_of_processes(embedded: Shop, record_property: Record) -> None:
    ours = [os.getpid(), embedded.process.process.pid, *offspring(embedded.process.process.pid)]
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace") for pid in ours[1:]]
    secrets = [*secrets_of(embedded.env), PASSWORD, embedded.key]
    assert len(secrets) >= 5
    assert [line for line in lines if any(secret in line for secret in secrets)] == []
    record_property("figure", f"{len(lines)} processes")


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk of 48 MB at the folder where that may be made; whether it was."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    is_mounted = os.getuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * MEGABYTE)
        except OSError:
            return


def test_a_full_disk_is_reported(tmp_path: Path, record_property: Record) -> None:
    """On a small disk that is filled; where none can be mounted, on one that has less room than is asked for."""
    port = free_port()
    with small_disk(tmp_path / "data") as is_small:
        env = environment(data_dir=tmp_path / "data", EXPECT_JOBS="0", DISK_ROOM_MB="5" if is_small else "999999999")
        migrate(env=env)
        command = ["python", "manage.py", "run_panel", "--no-jobs", "--bind", f"127.0.0.1:{port}"]
        with running(command, env=env, log=tmp_path / "log") as panel:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: ask(f"{url}/healthz/web")[0] == 200, of=panel)
            if is_small:
                assert ask(f"{url}/healthz") == (200, "ok\n")
                fill(tmp_path / "data")
            status, text = wait_until(lambda: "disk of " in (said := ask(f"{url}/healthz"))[1] and said, of=panel)
            assert status == 503
            assert str(tmp_path) not in text
    record_property("figure", "a full tmpfs" if is_small else "too little room")
