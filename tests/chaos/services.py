"""Everything a run consists of, as real processes, started by the compose file's own commands and kept running.

All servers belong to the main thread: they end with it, however it ends.
"""

import os
import secrets
import signal
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests import throwaway
from tests.chaos.plan import Plan
from tests.fixtures_simulator import RemoteSimulator
from tests.process.processes import Running, compose_command, environment, offspring, running, start, wait_until
from tests.throwaway import Server, free_port

SERVICES = 60
WORKERS = 2
RESTART_AFTER = 0.5


@dataclass(slots=True)
class Part:
    """A process of the panel that is started again whenever it is gone."""

    name: str
    argv: list[str]
    log: Path
    process: Running | None = None
    started: list[int] = field(default_factory=list)
    gone_since: float | None = None

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]

    @property
    def pid(self) -> int | None:
        """None where it does not run now."""
        running = self.process is not None and self.process.process.poll() is None
        return self.process.process.pid if self.process and running else None

    def children(self) -> list[int]:
        with suppress(OSError):
            return offspring(self.pid) if self.pid else []
        return []


@dataclass(slots=True)
class World:
    """A run's processes, servers and secrets. `canaries` are what must be found nowhere."""

    plan: Plan
    folder: Path
    env: dict[str, str]
    site: str
    simulators: dict[str, RemoteSimulator]
    providers: list[Running]
    parts: list[Part]
    postgres: Server | None
    redis: Server | None
    canaries: list[str]

    def tend(self) -> None:
        """Start again what is gone, as `restart: unless-stopped` would. RuntimeError where a provider ended."""
        if any(provider.process.poll() is not None for provider in self.providers):
            raise RuntimeError("A provider's simulator ended, and with it what it knew: this run says nothing.")
        now = time.monotonic()
        for part in self.parts:
            if part.pid is not None:
                part.gone_since = None
            elif part.gone_since is None:
                part.gone_since = now
            elif now - part.gone_since > RESTART_AFTER:
                self.start(part)

    def start(self, part: Part) -> None:
        part.process = start(part.argv, env=self.env, log=part.log)
        part.started.append(part.process.process.pid)
        part.gone_since = None

    def stop(self) -> None:
        """End all parts in order, then whatever outlived its parent."""
        running = [part.process.process for part in self.parts if part.process and part.pid]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + 60
        for process in running:
            with suppress(Exception):
                process.wait(max(0.1, deadline - time.monotonic()))
        for part in self.parts:
            for group in part.started:
                with suppress(OSError):
                    os.killpg(group, signal.SIGKILL)


@contextmanager
def started_world(plan: Plan, folder: Path) -> Iterator[World]:
    """Servers and simulators are up; the panel's own processes come with `start_panel`, once there is a shop."""
    (folder / "data").mkdir(mode=0o700)
    with ExitStack() as stack:
        postgres = redis = None
        urls: dict[str, str] = {}
        if not plan.is_sqlite:
            postgres, urls["DATABASE_URL"] = stack.enter_context(throwaway.postgres_server(durable=True))
            redis, urls["REDIS_URL"] = stack.enter_context(throwaway.redis_server(append_only=True))
        key = f"canary-provider-{secrets.token_hex(16)}"
        started = {name: stack.enter_context(_simulator(plan, folder, name, key)) for name in plan.providers}
        simulators = {name: simulator for name, (_, simulator) in started.items()}
        providers = [process for process, _ in started.values()]
        secret, port = f"canary-secret-key-{secrets.token_hex(24)}", free_port()
        env = environment(data_dir=folder / "data", PORT=str(port), **urls, **plan.settings())
        env |= {
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "SECRET_KEY": secret,
            "DATA_KEYS": b64encode(os.urandom(32)).decode(),
            "API_PEPPER": f"canary-pepper-{secrets.token_hex(24)}",
            "ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
            "STAFF_TWO_FACTOR": "0",
            "REAUTHENTICATION": "0",
            "WEB_CONCURRENCY": "2",
        }
        canaries = [key, secret, env["API_PEPPER"], env["DATA_KEYS"]]
        site = f"http://127.0.0.1:{port}"
        parts = _parts(plan, folder, port)
        world = World(plan, folder, env, site, simulators, providers, parts, postgres, redis, canaries)
        stack.callback(world.stop)
        yield world


def _parts(plan: Plan, folder: Path, port: int) -> list[Part]:
    web = [*compose_command("web")[:-1], f"127.0.0.1:{port}"]
    if plan.is_sqlite:
        return [Part("panel", web, folder / "panel.log")]
    beat = compose_command("beat")
    commands = {"web": web, **_workers(), "beat-1": beat, "beat-2": beat}
    return [Part(name, argv, folder / f"{name}.log") for name, argv in commands.items()]


def _workers() -> dict[str, list[str]]:
    """WORKERS of each of the compose file's kinds, small."""
    found: dict[str, list[str]] = {}
    for service in ("worker", "placing") * WORKERS:
        command = compose_command(service)
        command[command.index("--concurrency") + 1] = "2"
        name = f"worker-{len(found) + 1}"
        found[name] = [*command, "-n", f"{name}@%h"]
    return found


@contextmanager
def _simulator(plan: Plan, folder: Path, name: str, key: str) -> Iterator[tuple[Running, RemoteSimulator]]:
    """A provider of its own seed, whose ids have gaps as other customers' orders leave them."""
    argv = ["python", "manage.py", "run_simulator", "--bind", "127.0.0.1:0", "--state", "memory", "--control"]
    numbers = {
        "seed": plan.seed * 10 + plan.providers.index(name),
        "services": SERVICES,
        "balance": 10_000_000,
        "order-seconds": plan.order_seconds,
        "late-seconds": plan.late,
        "cancel-seconds": 2,
        "foreign-orders": 3,
        "partial-share": 0.1,
        "canceled-share": 0.03,
    }
    argv += [text for option, number in numbers.items() for text in (f"--{option}", str(number))]
    env = environment(data_dir=folder / name, SIMULATOR_KEY=key)
    with running(argv, env=env, log=folder / f"{name}.log") as started:
        wait_until(lambda: "listens at " in started.said, of=started)
        yield started, RemoteSimulator(url=started.said.partition("listens at ")[2].split()[0], key=key)
