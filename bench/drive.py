"""Runs one part of the benchmarks in a process of its own, on a fresh database beside a stub provider.

The bench_*.py files call `drive`, which starts the servers; the process it starts is this module again.
"""

import importlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts.offspring import die_with_parent
from tests import throwaway

ROOT = Path(__file__).resolve().parent.parent


def drive(*, part: str, databases: Sequence[str]) -> int:
    """Run `bench.<part>` on each of "PostgreSQL" and "SQLite" that is named; 1 when a limit was missed anywhere.

    PostgreSQL runs with fsync and synchronous_commit on, as it does for a shop.
    """
    return max([_drive_on(part, database) for database in databases])


def _drive_on(part: str, database: str) -> int:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="panel-bench."))
        url = ""
        if database == "PostgreSQL":
            try:
                url = stack.enter_context(throwaway.postgres(durable=True))
            except throwaway.NotInstalledError as problem:
                print(f"Left out on PostgreSQL: {problem}", flush=True)
                return 1
        environment = {key: value for key, value in os.environ.items() if not key.startswith("REDIS_URL")}
        environment |= {
            "DATABASE_URL": url,
            "DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "panel.settings",
            "ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
            **dict.fromkeys(("API_CALLS_PER_10_SECONDS", "API_ADD_PER_10_SECONDS", "API_SERVICES_PER_MINUTE"), "0"),
            "PYTHONPATH": str(ROOT),
            "STUB_URL": stack.enter_context(_stub()),
        }
        print(f"\n{part} on {database}", flush=True)
        command = [sys.executable, "-m", "bench.drive", part]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


@contextmanager
def _stub() -> Iterator[str]:
    """The stub provider's address."""
    command = [sys.executable, "-m", "bench.stub"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 (it only calls prctl)
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield f"http://127.0.0.1:{int(line)}"
        finally:
            process.terminate()


def main() -> None:
    """In the process of its own: an empty panel, then the part."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    importlib.import_module(f"bench.{sys.argv[1]}").main()


if __name__ == "__main__":
    main()
