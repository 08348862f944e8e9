"""`make lock`: write requirements/*.txt anew from pyproject.toml, with hashes and without any index address.

The bill of materials is written with them.
"""

import subprocess
import sys
from pathlib import Path

from scripts import sbom

ROOT = Path(__file__).resolve().parent.parent
COMPILE = [
    *(str(Path(sys.executable).with_name("uv")), "pip", "compile", "--no-config", "--no-header", "--no-annotate"),
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"),
]


def main() -> None:
    """Write both lock files; the versions that still fit stay as they are, unless `--upgrade` is given."""
    for lock, extra in (("runtime.txt", []), ("dev.txt", ["--extra", "dev"])):
        target = f"requirements/{lock}"
        subprocess.run([*COMPILE, *extra, *sys.argv[1:], "-o", target, "pyproject.toml"], cwd=ROOT, check=True)
        if "://" in (ROOT / target).read_text():
            sys.exit(f"{target} names an index address: take it out of pip's or uv's configuration and try again.")
    sbom.main()


if __name__ == "__main__":
    main()
