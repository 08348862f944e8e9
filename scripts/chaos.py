"""`make chaos`: the panel's real processes under load, with faults, kill -9 and outages, then three books compared.

Arguments go to tests/chaos/plan.py: --orders, --kills, --faults, --seed, --rate, --sqlite, --naive, --keep.
"""

import os
import sys
from pathlib import Path

from tests import throwaway

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER")


def main() -> None:
    """Become the run, with none of the caller's own settings; stop where a server that it needs is not installed."""
    missing = throwaway.missing()
    lacking = [missing[mark] for mark in ("postgres", "redis") if mark in missing]
    if lacking and "--sqlite" not in sys.argv:
        sys.exit(f"Not installed: {', '.join(lacking)}")
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    command = [sys.executable, "-m", "tests.chaos.run", *sys.argv[1:]]
    os.chdir(ROOT)
    os.execve(command[0], command, environment)  # noqa: S606 (our own arguments, no shell)


if __name__ == "__main__":
    main()
