"""`make test`: all tests on SQLite, and on a throwaway PostgreSQL those that say something about the database.

`make quick` (--extent quick) takes a part, on SQLite alone; `make trials` (--extent full) takes everything on both.
tests/extent.py says what each takes. Other arguments go to pytest. Parts whose binaries are missing are named and left
out; with REQUIRE_ALL=1 that is a failure. Both runs always run, so that one report shows all that is broken, and
pytest's own closing line is the last.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import throwaway

ROOT = Path(__file__).resolve().parent.parent

WORKERS = os.environ.get("TEST_WORKERS", "3")  # more than cores: tests of processes and browsers mostly wait
NO_TESTS = 5  # pytest's exit status when the arguments select none


def main() -> None:
    """Exit status 0 when every run passed and nothing was left out that had to run."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--extent", choices=("quick", "daily", "full"), default="daily")
    options, arguments = parser.parse_known_args()
    os.environ["TEST_EXTENT"] = options.extent
    missing = throwaway.missing()
    for what in missing.values():
        print(f"Left out, not installed: {what}", flush=True)
    if missing and os.environ.get("REQUIRE_ALL") == "1":
        sys.exit("Nothing may be left out: install what is missing.")
    without = [f"not {mark}" for mark in missing]
    failures = [run_suite(name="SQLite", database_url="", without=without, arguments=arguments)]
    if "postgres" not in missing and options.extent != "quick":
        without.append("not process")
        with throwaway.postgres() as url:
            failures.append(run_suite(name="PostgreSQL", database_url=url, without=without, arguments=arguments))
    sys.exit(1 if any(failures) else 0)


def run_suite(*, name: str, database_url: str, without: list[str], arguments: list[str]) -> bool:
    """Run pytest on one database; whether it failed."""
    print(f"\nThe suite on {name}", flush=True)
    command = [sys.executable, "-m", "pytest", "-n", WORKERS, "--dist", "worksteal"]
    if without:
        command += ["-m", " and ".join(without)]
    with tempfile.TemporaryDirectory(prefix="panel-tests.") as data_dir:
        environment = os.environ | {"DATABASE_URL": database_url, "DATA_DIR": data_dir}
        status = subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=False).returncode
    return status != 0 and not (status == NO_TESTS and bool(arguments))


if __name__ == "__main__":
    main()
