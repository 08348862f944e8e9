"""`make run`: the panel and, unless PROVIDER_URL is set, a provider simulator, seeded once and stopped together.

Nobody outlives this process: its children get a signal from the kernel when it is gone, however it went.
"""

import contextlib
import fcntl
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.offspring import die_with_parent, follow_parent

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
PANEL_STOPS_IN = 60
SIMULATOR_STOPS_IN = 10
SIMULATOR_PORTS = range(18100, 19000)  # outside the range from which systems lend ports to outgoing connections
LOG_BYTES = 20_000_000
stopping = threading.Event()


class FailedError(Exception):
    """What went wrong, in one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Part:
    """A running child, and where its log is."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stops_in: float


def main() -> int:
    """Run until Ctrl-C, SIGTERM (status 0), or until a part ends by itself (status 1)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: stopping.set())
    if "MAKELEVEL" in os.environ:
        follow_parent(signal.SIGTERM)
    os.umask(0o077)  # what is in the data directory is for its owner
    parts: list[Part] = []
    try:
        data_dir = Path(os.environ.get("DATA_DIR", "var")).absolute()
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with only_one(data_dir):
            try:
                run(data_dir=data_dir, port=int(os.environ.get("PORT", "8000")), parts=parts)
            finally:
                stop(parts)
    except FailedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def run(*, data_dir: Path, port: int, parts: list[Part]) -> None:
    """Start the parts into `parts`, say where they are once they answer, and return when asked to stop."""
    wait_for_port(port)
    environment = os.environ | {"DATA_DIR": str(data_dir), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    simulator_url = ""
    if not is_provider_given(os.environ):
        key, simulator_port = simulator_key(data_dir), simulator_port_of(data_dir)
        simulator_url = f"http://127.0.0.1:{simulator_port}/api/v2"
        hosts = [host for host in environment.get("ALLOWED_PRIVATE_HOSTS", "").split(",") if host]
        environment["ALLOWED_PRIVATE_HOSTS"] = ",".join([*hosts, "127.0.0.1"])
        for guard in ("STAFF_TWO_FACTOR", "REAUTHENTICATION"):  # everything in it is made up
            environment.setdefault(guard, "0")
        command = [
            "run_simulator",
            "--bind",
            f"127.0.0.1:{simulator_port}",
            "--state",
            str(data_dir / "simulator.sqlite3"),
        ]
        command += ["--currency", environment.get("CURRENCY", "USD").upper()]
        parts.append(start("simulator", command, environment | {"SIMULATOR_KEY": key}, data_dir, SIMULATOR_STOPS_IN))
        wait_until_answers(port=simulator_port, path="/", host="127.0.0.1", parts=parts)
        seeded = seed(environment | {"PROVIDER_URL": simulator_url, "PROVIDER_KEY": key})
    else:
        seeded = seed(environment)
    if stopping.is_set():
        return
    parts.append(start("panel", ["run_panel", "--bind", f"127.0.0.1:{port}"], environment, data_dir, PANEL_STOPS_IN))
    site = os.environ.get("SITE_URL", f"http://127.0.0.1:{port}").rstrip("/")
    wait_until_answers(port=port, path="/healthz", host=urlsplit(site).netloc, parts=parts)
    if not stopping.is_set():
        introduce(site=site, simulator_url=simulator_url, seeded=seeded, data_dir=data_dir)
    while not stopping.wait(0.2):
        refuse_the_dead(parts)


def is_provider_given(environment: Mapping[str, str]) -> bool:
    """Whether a real provider is named. FailedError where only half of it is."""
    given = [
        bool(environment.get(name) or environment.get(f"{name}_FILE")) for name in ("PROVIDER_URL", "PROVIDER_KEY")
    ]
    if any(given) and not all(given):
        raise FailedError("Set both PROVIDER_URL and PROVIDER_KEY, or neither for the bundled simulator.")
    return all(given)


@contextlib.contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold `data_dir` for this run; FailedError where another run holds it."""
    with (data_dir / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FailedError(f"Another `make run` is running on {data_dir}.") from None
        yield


def simulator_key(data_dir: Path) -> str:
    """The simulator's API key, made at the first run and kept with owner-only rights."""
    path = data_dir / "simulator-key"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(16))
    return path.read_text().strip()


def simulator_port_of(data_dir: Path) -> int:
    """The simulator's port, chosen at the first run and the same ever after: the provider's address is in the books."""
    path = data_dir / "simulator-port"
    if path.exists():
        port = int(path.read_text())
        wait_for_port(port)
        return port
    first = os.getpid() % len(SIMULATOR_PORTS)  # so that two first runs at once hardly try the same one
    port = next((port for port in [*SIMULATOR_PORTS[first:], *SIMULATOR_PORTS[:first]] if is_free(port)), 0)
    if not port:
        raise FailedError(f"No port from {SIMULATOR_PORTS.start} to {SIMULATOR_PORTS.stop - 1} is free.")
    path.write_text(str(port))
    return port


def wait_for_port(port: int) -> None:
    """Return when nobody listens there; a run that has just been killed is given a moment to go."""
    for _ in range(50):
        if is_free(port) or stopping.wait(0.1):
            return
    raise FailedError(f"Port {port} of this machine is in use by another program. (PORT=... chooses the panel's.)")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def start(name: str, command: list[str], environment: dict[str, str], data_dir: Path, stops_in: float) -> Part:
    """Start one of the panel's commands in a session of its own, so that Ctrl-C reaches only us."""
    log = data_dir / "log" / f"{name}.log"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.rename(log.with_suffix(".1.log"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 (it only calls prctl)
        )
    return Part(name=name, process=process, log=log, stops_in=stops_in)


def wait_until_answers(*, port: int, path: str, host: str, parts: list[Part]) -> None:
    """Return when the newest part answers or we are asked to stop. FailedError when one ends or it takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while not answers(port=port, path=path, host=host) and not stopping.wait(0.1):
        refuse_the_dead(parts)
        if time.monotonic() > deadline:
            raise FailedError(f"The {parts[-1].name} does not answer. The end of its log:\n{tail(parts[-1].log)}")


def answers(*, port: int, path: str, host: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def refuse_the_dead(parts: list[Part]) -> None:
    """FailedError when a part has ended by itself."""
    for part in parts:
        status = part.process.poll()
        if status is not None:
            raise FailedError(f"The {part.name} ended by itself ({status}). The end of its log:\n{tail(part.log)}")


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def seed(environment: dict[str, str]) -> dict[str, Any]:
    """Connect the provider and fill an empty database; what the command says of it."""
    command = [sys.executable, "manage.py", "seed_demo", "--json"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    if stopping.is_set():
        return {"sign_ins": [], "problems": []}
    if done.returncode and not done.stdout.strip():  # 1 with an answer: the provider could not be read yet
        raise FailedError(f"The demo was not set up:\n{done.stderr.strip()}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def introduce(*, site: str, simulator_url: str, seeded: dict[str, Any], data_dir: Path) -> None:
    """Say where everything is; passwords only in the run that made them."""
    lines = ["", f"  The panel    {site}/", f"  Staff pages  {site}/staff/ and {site}/admin/"]
    if simulator_url:
        lines.append(f"  Simulator    {simulator_url}")
    for made in seeded["sign_ins"]:
        lines.append(f"  Sign in as   {made['email']}  {made['password']}  ({made['role']})")
    if (data_dir / "sign-ins.txt").exists():
        lines.append(f"  Sign-ins     {data_dir / 'sign-ins.txt'}")
    lines += [f"  Not in order {problem}" for problem in seeded["problems"]]
    lines += [f"  Logs         {data_dir / 'log'}", "", "Ctrl-C stops everything.", ""]
    print("\n".join(lines), flush=True)


def stop(parts: list[Part]) -> None:
    """Stop the newest first, each in order; what does not stop in its time is killed."""
    for part in reversed(parts):
        if part.process.poll() is None:
            part.process.terminate()
        try:
            part.process.wait(part.stops_in)
        except subprocess.TimeoutExpired:
            print(f"The {part.name} does not stop; it is killed.", file=sys.stderr)
            os.killpg(part.process.pid, signal.SIGKILL)
            part.process.wait()


if __name__ == "__main__":
    sys.exit(main())
