"""The provider as a process of its own, steered from outside."""

import os
import signal
import subprocess
import sys
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.fixtures_simulator import RemoteSimulator
from tests.providers.simulator.client import call, status

KEY = "canary-key-of-the-simulator"
MANAGE = Path(__file__).parents[3] / "manage.py"
Run = Callable[..., "Running"]


class Running(RemoteSimulator):
    """A simulator's process, with what it said when it listened."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        self.line = process.stdout.readline()
        super().__init__(url=self.line.split()[-1], key=KEY)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit status, and all that it said after the first line."""
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    running: list[Running] = []

    def start(*arguments: str, **more: str) -> Running:
        environment = {**os.environ, "DATA_DIR": str(tmp_path), "SIMULATOR_KEY": KEY, **more}
        command = [sys.executable, str(MANAGE), "run_simulator", "--bind", "127.0.0.1:0", *arguments]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=MANAGE.parent
        )
        running.append(Running(process))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)


def buy(running: Running, link: str) -> Any:
    return call(running, action="add", service=1, link=link, quantity=1000)


def test_it_says_where_it_listens_and_nothing_of_its_key(run: Run, tmp_path: Path) -> None:
    running = run("--services", "7", "--balance", "12.5", "--currency", "EUR", "--fault", "services.html=0.5")

    assert running.line == f"Simulator listens at {running.url}\n"
    assert call(running, action="balance") == {"balance": "12.5", "currency": "EUR"}
    assert (tmp_path / "simulator.sqlite3").exists()
    returned, said = running.stop()

    assert (returned, said) == (0, "")
    assert KEY.encode() not in (tmp_path / "simulator.sqlite3").read_bytes()


def test_it_is_steered_from_outside_and_goes_on_after_a_restart(run: Run) -> None:
    first = run("--control", "--order-seconds", "1000", "--partial-share", "0", "--canceled-share", "0")
    first.call("set_service", service=1, fields={"type": "Default", "rate": "0.9", "min": "1", "max": "5000"})
    first.call("next", action="add", fault="refused")
    assert buy(first, "a") == {"error": "Bad link"}
    assert buy(first, "a") == {"order": 23501}
    first.call("advance", seconds=550)
    assert status(first, "23501")["remains"] == "500"
    assert first.stop(signal.SIGINT) == (0, "")

    second = run("--control", "--order-seconds", "1000")
    assert 400 < int(status(second, "23501")["remains"]) <= 500
    assert buy(second, "b") == {"order": 23502}
    second.call("set_order", order=23501, fields={"status": "Partial", "remains": 157})
    second.call("set_order", orders=[23502], fields={"status": "Completed"})
    assert [order["status"] for order in second.call("orders")] == ["Partial", "Completed"]
    assert [order["id"] for order in second.call("created", link="a")] == ["23501"]
    assert second.call("money") == {"balance": "998.341300", "spent": "1.658700"}
    second.call("set_balance", amount="50")
    assert call(second, action="balance")["balance"] == "50"
    assert second.call("requests", action="status") == [1]
    second.call("forget_requests")
    assert second.call("requests", action="status") == []
    assert second.call("fill", count=3, fields={"status": "Pending"}) == [23503, 23504, 23505]
    call(second, action="refill", order=23502)
    second.call("set_service", service=2, remove=True)
    second.call("set_service", service=2, restore=True)
    second.call("set_service", service="x", add=True, fields={"rate": "3"})
    assert len(call(second, action="services")) == 301
    second.call("set_latency", seconds=0.01)
    second.call("set_faults", shares={"balance.whole_error": 1})
    assert call(second, action="balance") == {"error": "Something went wrong"}
    assert second.call("played") == {"balance.whole_error": 1}


def test_the_control_asks_for_the_key_and_for_sense(run: Run) -> None:
    running = run("--control", "--state", "memory")
    stranger = RemoteSimulator(url=running.url, key="wrong")

    for who, verb, given, code, said in (
        (stranger, "orders", {}, 403, "Invalid API key"),
        (running, "explode", {}, 400, "There is no verb explode"),
        (running, "next", {"action": "add"}, 400, "next needs fault"),
        (running, "next", {"action": "add", "fault": "x"}, 400, "add has no fault named x"),
        (running, "set_order", {"order": 5, "fields": {}}, 400, "There is no order 5"),
        (running, "set_balance", {"amount": "much"}, 400, "much is not an amount"),
        (running, "set_service", {"service": 999, "fields": {}}, 400, "There is no service 999"),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            who.call(verb, **given)
        assert (refused.value.code, said in refused.value.read().decode()) == (code, True)
    assert running.call("orders") == []


def test_there_is_no_control_unless_asked_for(run: Run, tmp_path: Path) -> None:
    running = run("--state", "memory")

    with pytest.raises(urllib.error.HTTPError) as refused:
        running.call("orders")
    assert refused.value.code == 404
    assert not (tmp_path / "simulator.sqlite3").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bind", "8000"], "is not HOST:PORT"),
        (["--bind", "127.0.0.1:99999"], "is not HOST:PORT"),
        (["--balance", "much"], "is not an amount"),
        (["--balance", "0.0000001"], "is not an amount"),
        (["--fault", "nonsense=0.1"], "There is no fault named nonsense"),
        (["--fault", "funds"], "is not a number"),
        (["--fault", "funds=2"], "is not a share"),
        (["--latency", "-1"], "is not a number of seconds"),
        (["--services", "-1"], "is not a whole number"),
        (["--bind", "192.0.2.1:80"], "assign requested address"),
    ],
)
def test_bad_arguments_are_refused_before_anything_listens(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("run_simulator", "--bind", "127.0.0.1:0", "--key", KEY, "--state", "memory", *arguments)


def test_a_refusal_is_one_line_and_status_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(MANAGE), "run_simulator", "--bind", "127.0.0.1:0", "--fault", "nonsense=0.1"],
        env={**os.environ, "DATA_DIR": str(tmp_path), "SIMULATOR_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "There is no fault named nonsense" in done.stderr


def test_it_does_not_start_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMULATOR_KEY", raising=False)

    with pytest.raises(CommandError, match="SIMULATOR_KEY") as refused:
        call_command("run_simulator", "--bind", "127.0.0.1:0", "--state", "memory")
    assert refused.value.returncode == 2
