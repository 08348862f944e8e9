"""PostgreSQL and Redis servers that live as long as a test run, from the machine's own binaries, as root or not.

Used by the fixtures, by `make test` and by the benchmarks; needs nothing but the standard library. Start them from the
main thread: a server dies with the thread that started it, so that a killed run leaves none behind.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from scripts.offspring import die_with_parent

READY_SECONDS = 60


class NotInstalledError(Exception):
    """The server's binary is not on this machine."""


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def postgres_binaries() -> Path | None:
    """The folder with initdb and postgres; None where PostgreSQL's server is not installed."""
    versions = [p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "initdb").exists()]
    if versions:
        return max(versions, key=lambda p: float(p.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def redis_binary() -> str | None:
    """The Redis server; None where it is not installed."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


def chromium_binary() -> str | None:
    """The browser for tests; None where none is installed."""
    given = os.environ.get("CHROMIUM")
    return given or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def missing() -> dict[str, str]:
    """The pytest marks whose parts cannot run here, each with what would have to be installed."""
    found = {
        "postgres": (postgres_binaries(), "PostgreSQL's server (Debian: postgresql)"),
        "redis": (redis_binary(), "Redis's server (Debian: redis-server)"),
        "browser": (chromium_binary(), "Chromium (Debian: chromium fonts-dejavu-core)"),
    }
    return {mark: what for mark, (binary, what) in found.items() if not binary}


class Server:
    """A server on its folder; however it ends, it can be started again on what it had written there."""

    def __init__(
        self,
        command: list[object],
        *,
        owner: str | None,
        folder: Path,
        stop_with: signal.Signals,
        is_ready: Callable[[], bool],
    ) -> None:
        self._command = [str(part) for part in command]
        self._owner, self._folder, self._stop_with, self._is_ready = owner, folder, stop_with, is_ready
        self.process = self._spawn()

    @property
    def folder(self) -> Path:
        """Where it keeps its data and its log."""
        return self._folder

    def wait(self) -> None:
        """Return once it answers. One that died meanwhile is started anew: its last run may just be going away."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline:
                said = (self._folder / "log").read_text(errors="replace")
                raise RuntimeError(f"The server did not come up:\n{said}")
            time.sleep(0.05)
            if self.process.poll() is not None:
                time.sleep(0.2)
                self.process = self._spawn()

    def start(self) -> None:
        """Start it again after it ended."""
        self.process.wait()
        self.process = self._spawn()
        self.wait()

    def stop(self) -> None:
        """Stop it in order; kill it where that takes too long."""
        self.process.send_signal(self._stop_with)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as output:
            return subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(self._stop_with),  # noqa: PLW1509 (it only calls prctl)
                start_new_session=True,
                **_identity(self._owner),
            )


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL server's DATABASE_URL. `durable` keeps fsync on, as benchmarks and crash tests want it."""
    with postgres_server(durable=durable) as (_, url):
        yield url


@contextmanager
def postgres_server(*, durable: bool) -> Iterator[tuple[Server, str]]:
    """The server itself, for those who let it crash, and its DATABASE_URL."""
    binaries = postgres_binaries()
    if binaries is None:
        raise NotInstalledError("PostgreSQL's server is not installed.")
    port, owner = free_port(), _unprivileged_user()
    with _folder("panel-postgres.", owner) as folder:
        data = folder / "data"
        initdb = [binaries / "initdb", "-D", data, "-U", "panel", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        _run([*initdb, "--no-sync"], owner=owner, folder=folder)
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "max_connections": 200}
        if not durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = [binaries / "postgres", "-D", data, "-p", port, *flags]
        client = ["-h", "127.0.0.1", "-p", port, "-U", "panel"]
        is_ready = partial(_succeeds, [binaries / "pg_isready", "-q", *client])
        with _serving(command, owner=owner, folder=folder, stop_with=signal.SIGINT, is_ready=is_ready) as server:
            _run([binaries / "createdb", *client, "panel"], owner=owner, folder=folder)
            yield server, f"postgres://panel@127.0.0.1:{port}/panel"


@contextmanager
def redis(*, append_only: bool = False) -> Iterator[str]:
    """A Redis server's REDIS_URL, never evicting; `append_only` writes its log to disk as a real one does."""
    with redis_server(append_only=append_only) as (_, url):
        yield url


@contextmanager
def redis_server(*, append_only: bool) -> Iterator[tuple[Server, str]]:
    """The server itself, for those who let it crash, and its REDIS_URL."""
    binary = redis_binary()
    if binary is None:
        raise NotInstalledError("Redis's server is not installed.")
    port = free_port()
    with _folder("panel-redis.", None) as folder:
        command = [binary, "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        command += ["--appendonly", "yes" if append_only else "no", "--maxmemory-policy", "noeviction"]
        is_ready = partial(_pongs, port)
        with _serving(command, owner=None, folder=folder, stop_with=signal.SIGTERM, is_ready=is_ready) as server:
            yield server, f"redis://127.0.0.1:{port}/0"


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: the name of another user then, None for everyone else."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def _folder(prefix: str, owner: str | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        if owner:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _serving(command: list[object], **how: Any) -> Iterator[Server]:
    """A running server. It is stopped at the end, and with this process whatever happens."""
    server = Server(command, **how)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def _run(command: list[object], *, owner: str | None, folder: Path) -> None:
    texts = [str(part) for part in command]
    done = subprocess.run(texts, cwd=folder, capture_output=True, text=True, check=False, **_identity(owner))
    if done.returncode:
        raise RuntimeError(f"{texts[0]} failed:\n{done.stdout}{done.stderr}")


def _identity(owner: str | None) -> dict[str, Any]:
    if owner is None:
        return {}
    return {"user": owner, "group": pwd.getpwnam(owner).pw_gid, "extra_groups": []}


def _succeeds(command: list[object]) -> bool:
    return subprocess.run([str(part) for part in command], capture_output=True, check=False).returncode == 0


def _pongs(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
