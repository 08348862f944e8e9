"""`make trials`: all that `make test` takes in small, in full: one part after the other, as far as the time reaches.

MINUTES is the time (without it every part runs). A part that was not begun, or that did not end in time, is named; one
that fails makes the exit status 1. The parts that find most for their time come first.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = ("pytest", "-q", "-n", os.environ.get("TEST_WORKERS", "3"))


@dataclass(frozen=True, slots=True)
class Trial:
    """A part: what is run, and how many minutes two cores need for it at most."""

    name: str
    minutes: float
    module: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)


FUZZED = ("tests/orders/api/test_fuzz.py", "tests/providers/adapters/test_fuzz.py", "tests/machine/test_machine.py")
TRIALS = (
    Trial("every test, on both databases", 40, ("scripts.test", "--extent", "full", "-q")),
    Trial("attack", 10, ("scripts.attack",)),
    Trial("mutants", 20, (*PYTEST, "tests/machine/test_mutants.py"), {"MUTANTS": "all"}),
    Trial("fairness", 4, ("pytest", "-q", "-p", "no:xdist", "tests/fairness"), {"FAIRNESS": "60"}),
    Trial("doubts", 15, (*PYTEST, "tests/doubts"), {"DOUBTS": "1000"}),
    Trial("fuzz", 15, ("scripts.test", "--extent", "full", "-q", *FUZZED), {"FUZZ_EXAMPLES": "2000"}),
    Trial("chaos on SQLite", 10, ("scripts.chaos", "--sqlite", "--orders", "300")),
    Trial("chaos", 20, ("scripts.chaos", "--orders", "1000")),
)


def main() -> None:
    """Run what the time allows; exit status 1 where a part failed."""
    until = time.monotonic() + 60 * float(os.environ.get("MINUTES") or "1e6")
    failed = []
    for trial in TRIALS:
        left = until - time.monotonic()
        if left < trial.minutes * 60:
            print(f"\nNot begun, as it may take {trial.minutes:g} minutes: {trial.name}", flush=True)
            continue
        print(f"\nTrial: {trial.name}", flush=True)
        begun = time.monotonic()
        if not run(trial, seconds=left):
            failed.append(trial.name)
        print(f"{trial.name}: {(time.monotonic() - begun) / 60:.1f} minutes", flush=True)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


def run(trial: Trial, *, seconds: float) -> bool:
    """Whether nothing failed in these seconds."""
    command = [sys.executable, "-m", *trial.module]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | trial.settings, start_new_session=True)
    try:
        return process.wait(timeout=seconds) == 0
    except subprocess.TimeoutExpired:
        print(f"{trial.name} did not end in time, and was stopped.", flush=True)
        return True
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


if __name__ == "__main__":
    main()
