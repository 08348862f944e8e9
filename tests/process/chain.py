"""A chain of two panels and a provider, each in processes of its own: B buys from A, which buys from the simulator."""

import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.fixtures_simulator import RemoteSimulator
from tests.process.conftest import SIMULATOR_KEY
from tests.process.processes import Running, ask, environment, managed, migrate, running, wait_until
from tests.throwaway import free_port

SERVICE = {"name": "Followers", "rate": "0.765431", "min": "100", "max": "5000", "refill": True, "cancel": True}
"""The one service that the simulator sells."""
QUANTITY = 1001
"""Of every order."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A running panel, and the key that it issued to its one customer."""

    env: dict[str, str]
    process: Running
    key: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.env['PORT']}/api/v2"

    def call(self, action: str, **words: object) -> Any:
        """What the API answers to the customer."""
        form = urlencode({"key": self.key, "action": action, **words}).encode()
        with urllib.request.urlopen(self.url, data=form, timeout=30) as answer:  # noqa: S310 (our own address)
            return json.load(answer)

    def sql(self, statement: str, *given: object) -> list[tuple[Any, ...]]:
        """Run a statement on the panel's database."""
        with closing(sqlite3.connect(Path(self.env["DATA_DIR"], "panel.sqlite3"), timeout=20)) as database, database:
            return database.execute(statement, given).fetchall()

    def let_time_pass(self) -> None:
        """What is under way is due to be asked about now, and not in minutes."""
        past = "2000-01-01 00:00:00"
        self.sql("UPDATE orders_order SET next_poll_at = ? WHERE state = 'ACTIVE'", past)
        self.sql("UPDATE orders_refill SET next_at = ? WHERE state IN ('pending', 'in progress')", past)

    def shown(self, order: object) -> dict[str, Any]:
        """What the panel's staff see of an order."""
        return managed("show_order", str(order), env=self.env)


@dataclass(frozen=True, slots=True)
class Chain:
    """Panel B buys from panel A, which buys from the simulator."""

    b: Panel
    a: Panel
    simulator: RemoteSimulator

    def place(self, link: str) -> int:
        """An order of B's customer; its id at B."""
        (service,) = self.b.call("services")
        order: int = self.b.call("add", service=service["service"], link=link, quantity=QUANTITY)["order"]
        return order

    def order(self, link: str) -> tuple[int, str]:
        """An order that came all the way: its id at B, and the simulator's."""
        order = self.place(link)
        (bought,) = wait_until(lambda: self.simulator.call("created", link=link), of=self.b.process)
        return order, bought["id"]

    def end(self, bought: str, **said: object) -> None:
        """Have the simulator say this of an order."""
        self.simulator.call("set_order", order=bought, fields={"start_count": 12, **said})

    def follow(self, word: str, **what: object) -> dict[str, Any]:
        """What B's API says of an order (or a refill) once its status is `word`. The panels' own jobs carry it down."""
        action = "refill_status" if "refill" in what else "status"

        def answer() -> dict[str, Any] | None:
            self.a.let_time_pass()
            self.b.let_time_pass()
            said: dict[str, Any] = self.b.call(action, **what)
            return said if said["status"] == word else None

        found: dict[str, Any] = wait_until(answer, of=self.b.process)
        return found

    def money(self) -> tuple[Decimal, ...]:
        """What the customer has at B, B has at A, and A has at the simulator."""
        wallets = [panel.call("balance")["balance"] for panel in (self.b, self.a)]
        return tuple(map(Decimal, [*wallets, self.simulator.call("money")["balance"]]))

    def spent(self, before: tuple[Decimal, ...]) -> tuple[str, ...]:
        """What each of the three has less than before."""
        return tuple(f"{then - now:.6f}" for then, now in zip(before, self.money(), strict=True))

    def books(self, order: int) -> list[tuple[str, str, str, str]]:
        """State, charge, refund and cost of an order by B's books, then of the order that B bought for it by A's."""
        at_b = self.b.shown(order)
        at_a = self.a.shown(at_b["provider_order_id"])
        return [(one["state"], one["charge"], one["refunded"], one["cost"]) for one in (at_b, at_a)]


@contextmanager
def started_simulator(folder: Path) -> Iterator[RemoteSimulator]:
    """A provider that sells one service and does what it is told."""
    argv = ["python", "manage.py", "run_simulator", "--bind", "127.0.0.1:0", "--state", "memory", "--services", "1"]
    argv += ["--order-seconds", "3600", "--cancel-seconds", "0", "--partial-share", "0", "--canceled-share", "0"]
    env = environment(data_dir=folder, SIMULATOR_KEY=SIMULATOR_KEY)
    with running([*argv, "--control"], env=env, log=folder.with_suffix(".log")) as started:
        wait_until(lambda: "listens at " in started.said, of=started)
        simulator = RemoteSimulator(url=started.said.partition("listens at ")[2].split()[0], key=SIMULATOR_KEY)
        simulator.call("set_service", service="1", remove=True)
        simulator.call("set_service", service="77", add=True, fields=SERVICE)
        yield simulator


@contextmanager
def started_panel(folder: Path, *, upstream: str, key: str, markup: str) -> Iterator[Panel]:
    """A panel set up by its commands and served by the one of the embedded default, its jobs looking every second."""
    quick = {f"{job}_SECONDS": "1" for job in ("POLL", "SWEEP", "REFILL", "CANCEL")}
    env = environment(data_dir=folder, PORT=str(free_port()), ALLOWED_PRIVATE_HOSTS="127.0.0.1", **quick)
    env["API_CALLS_PER_10_SECONDS"] = "0"  # these tests ask more often than customers may
    migrate(env=env)
    managed("add_provider", "Upstream", "--url", upstream, "--key", key, env=env)
    assert managed("sync_services", env=env)["added"] == 1
    managed("set_markup", "--percent", markup, env=env)
    assert managed("read_balances", env=env) == {"read": 1, "failed": 0, "drifting": 0}
    managed("add_customer", "customer@example.com", "--credit", "50", env=env)
    issued = managed("issue_api_key", "customer@example.com", env=env)
    argv = ["python", "manage.py", "run_panel", "--bind", f"127.0.0.1:{env['PORT']}"]
    with running(argv, env=env, log=folder.with_suffix(".log")) as started:
        wait_until(lambda: ask(f"http://127.0.0.1:{env['PORT']}/healthz/web")[0] == 200, of=started)
        yield Panel(env, started, issued["key"])
