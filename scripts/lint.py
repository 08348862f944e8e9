"""`make lint`: style, types, layers, secrets, migrations, Django's own checks; all of them run, and have to pass."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.environment import cleanse

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# What `check --deploy` is to find in order is a panel on the open net, behind https.
DEPLOYED = {
    "SITE_URL": "https://panel.example.com",
    "HSTS_SECONDS": "31536000",
    "EMAIL_URL": "smtp+tls://panel:secret@mail.example.com:587",
}
OUT = "{data_dir}"
"""Stands for the folder that the checks may write to."""
CHECKS: list[tuple[str, list[str]]] = [
    ("style", [str(BIN / "ruff"), "check", "--quiet", "."]),
    ("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
    ("types", [str(BIN / "mypy"), "--no-error-summary"]),
    ("layers", [str(BIN / "lint-imports"), "--no-logo"]),
    ("sizes and names", [sys.executable, "-m", "scripts.check_house"]),
    ("texts", [sys.executable, "-m", "scripts.check_texts"]),
    ("secrets", [sys.executable, "-m", "scripts.scan_secrets"]),
    ("docs", [str(BIN / "sphinx-build"), "-q", "-W", "--keep-going", "-b", "html", "docs", f"{OUT}/docs"]),
    ("migrations", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("deployment", [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]),
]


def main() -> None:
    """Run every check on a data directory of its own; exit status 1 when one fails, with their names."""
    failed = []
    with tempfile.TemporaryDirectory(prefix="panel-lint.") as data_dir:
        environment = dict(os.environ)
        cleanse(environment)
        environment |= DEPLOYED | {"DATA_DIR": data_dir, "DATABASE_URL": ""}
        for name, parts in CHECKS:
            command = [part.replace(OUT, data_dir) for part in parts]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace", check=False
            )
            print(f"{name}: {'failed' if done.returncode else 'ok'}", flush=True)
            if done.returncode:
                failed.append(name)
                print(done.stdout + done.stderr, flush=True)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
