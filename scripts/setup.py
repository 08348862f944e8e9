"""`make setup`: virtual environment, locked dependencies, database and static files. Quick when nothing changed.

Needs nothing but Python, and is careful to run on an old one, to say which one it needs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
VENV_HINT = (
    "Python's venv module is incomplete here. On Debian and Ubuntu: apt-get install python3-venv; then run this again."
)


def main() -> None:
    """Do what is missing, step by step; each step says so when it has something to do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what tests and development need")
    parser.add_argument("--no-database", action="store_true", help="leave the database alone")
    options = parser.parse_args()
    use_new_enough_python()
    python = make_environment(venv=ROOT / os.environ.get("VENV", ".venv"))
    install(python=python, lock=ROOT / "requirements" / ("dev.txt" if options.dev else "runtime.txt"))
    if not options.no_database:
        prepare_database(python=python)
    collect_static(python=python)


def use_new_enough_python() -> None:
    """Go on under a newer Python of this machine where this one is too old; stop with a clear line where none is."""
    if sys.version_info >= NEEDED:
        return
    for name in NEWER:
        if found := shutil.which(name):
            os.execv(found, [found, *sys.argv])  # noqa: S606 (our own arguments, no shell)
    stop("Python {}.{} or newer is needed; this is {}.{}.".format(*NEEDED, *sys.version_info[:2]))


def make_environment(*, venv: Path) -> Path:
    """The virtual environment's Python; made anew where it is missing or does not start."""
    python = venv / "bin" / "python"
    if (
        python.exists()
        and subprocess.run([python, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    ):
        return python
    say(f"Making the virtual environment in {venv.relative_to(ROOT) if venv.is_relative_to(ROOT) else venv}")
    run([sys.executable, "-m", "venv", "--clear", venv], failing=VENV_HINT)
    return python


def install(*, python: Path, lock: Path) -> None:
    """Install exactly what the lock file names, by hash, unless that was done already."""
    stamp = python.parent.parent / f".installed-{lock.stem}"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    done_by_dev = stamp.with_name(".installed-dev")
    dev_digest = hashlib.sha256((lock.parent / "dev.txt").read_bytes()).hexdigest()
    if reads(stamp) == digest or reads(done_by_dev) == dev_digest:
        return
    say("Installing the locked dependencies")
    command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    run([*command, "--require-hashes", "-r", lock], failing="The dependencies were not installed.")
    stamp.write_text(digest)


def prepare_database(*, python: Path) -> None:
    """Create or migrate the database and the staff's roles."""
    migrate = [python, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    run(migrate, failing="The database was not prepared.", umask=0o077)  # only its owner may read it
    run([python, "manage.py", "set_up_roles"], failing="The staff's roles were not set up.")


def collect_static(*, python: Path) -> None:
    """Gather and compress the static files, unless none of them changed."""
    stamp = ROOT / "staticfiles" / ".collected"
    facts = [
        f"{path.relative_to(ROOT)} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in sorted((ROOT / "static").rglob("*"))
        if path.is_file()
    ]
    facts.append((ROOT / "requirements" / "runtime.txt").read_text())
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    if reads(stamp) == digest:
        return
    say("Collecting the static files")
    command = [python, "manage.py", "collectstatic", "--no-input", "--clear", "--verbosity", "0"]
    with tempfile.TemporaryDirectory(prefix="panel-static.") as data_dir:  # the files depend on no panel's settings
        environment = {"PATH": os.environ.get("PATH", os.defpath), "DATA_DIR": data_dir}
        run(command, failing="The static files were not collected.", environment=environment)
    stamp.write_text(digest)


def reads(stamp: Path) -> str:
    """What a stamp says; empty where there is none."""
    return stamp.read_text() if stamp.exists() else ""


def run(command: list[object], *, failing: str, umask: int = -1, environment: dict[str, str] | None = None) -> None:
    """Run one step, in this process's environment unless another is given; stop with `failing` where it fails."""
    argv = [str(part) for part in command]
    if subprocess.run(argv, cwd=ROOT, umask=umask, env=environment, check=False).returncode:
        stop(failing)


def say(text: str) -> None:
    print(text, flush=True)


def stop(text: str) -> None:
    print(text, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
