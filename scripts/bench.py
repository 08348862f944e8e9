"""`make bench`: run every benchmark of bench/, or those named; each prints its figures beside its limit."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Exit status 1 when any benchmark misses its limit, after all have run."""
    wanted = sys.argv[1:]
    scripts = [p for p in sorted((ROOT / "bench").glob("bench_*.py")) if not wanted or p.stem in wanted]
    if not scripts:
        sys.exit(f"No such benchmark in bench/: {' '.join(wanted)}")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    failed = []
    for script in scripts:
        print(f"== {script.stem}", flush=True)
        if subprocess.run([sys.executable, str(script)], cwd=ROOT, env=environment, check=False).returncode:
            failed.append(script.stem)
    if failed:
        sys.exit(f"Over the limit: {', '.join(failed)}")


if __name__ == "__main__":
    main()
