"""`make test`: the whole suite on SQLite, then again on a throwaway PostgreSQL; arguments go to pytest.

Parts whose binaries are missing are named and left out; with REQUIRE_ALL=1 that is a failure. Both runs always run, so
that one report shows all that is broken, and pytest's own closing line is the last.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import throwaway

ROOT = Path(__file__).resolve().parent.parent

WORKERS = os.environ.get("TEST_WORKERS", "2")
NO_TESTS = 5  # pytest's exit status when the arguments select none


def main() -> None:
    """Exit status 0 when every run passed and nothing was left out that had to run."""
    missing = throwaway.missing()
    for what in missing.values():
        print(f"Left out, not installed: {what}", flush=True)
    if missing and os.environ.get("REQUIRE_ALL") == "1":
        sys.exit("Nothing may be left out: install what is missing.")
    without = [f"not {mark}" for mark in missing]
    failures = [run_suite(name="SQLite", database_url="", without=without)]
    if "postgres" not in missing:
        with throwaway.postgres() as url:
            failures.append(run_suite(name="PostgreSQL", database_url=url, without=[*without, "not process"]))
    sys.exit(1 if any(failures) else 0)


def run_suite(*, name: str, database_url: str, without: list[str]) -> bool:
    """Run pytest on one database; whether it failed."""
    print(f"\nThe suite on {name}", flush=True)
    command = [sys.executable, "-m", "pytest", "-n", WORKERS, "--dist", "loadscope"]
    if without:
        command += ["-m", " and ".join(without)]
    with tempfile.TemporaryDirectory(prefix="panel-tests.") as data_dir:
        environment = os.environ | {"DATABASE_URL": database_url, "DATA_DIR": data_dir}
        status = subprocess.run([*command, *sys.argv[1:]], cwd=ROOT, env=environment, check=False).returncode
    return status != 0 and not (status == NO_TESTS and bool(sys.argv[1:]))


if __name__ == "__main__":
    main()
