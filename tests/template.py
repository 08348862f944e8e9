"""A migrated, empty database made once and cloned for every worker and every process: migrating takes seconds.

On SQLite it is a file in .cache, made anew when code or dependencies change; on PostgreSQL a database of the server.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER")


def copy_sqlite(to: Path) -> None:
    """Put a migrated database at `to`, in place of what is there, readable by its owner alone."""
    with _locked("sqlite"):
        template = CACHE / f"migrated-{_digest()}.sqlite3"
        if not template.exists():
            for old in CACHE.glob("migrated-*.sqlite3*"):
                old.unlink()
            made = template.with_suffix(".making")
            made.unlink(missing_ok=True)
            _migrate(f"sqlite:///{made}")
            made.rename(template)
        for leftover in ("-wal", "-shm"):
            to.with_name(to.name + leftover).unlink(missing_ok=True)
        shutil.copyfile(template, to)
    to.chmod(0o600)


def clone_postgres(url: str) -> None:
    """Put a migrated database in the place of the one that the DATABASE_URL names, which nobody may be using."""
    server, _, name = url.rpartition("/")
    template = f"panel_migrated_{_digest()}"
    with _locked("postgres"), psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            making = f"{template}_making"
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(making)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(making)))
            _migrate(f"{server}/{making}")
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(making), sql.Identifier(template)))
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        clone = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        connection.execute(clone.format(sql.Identifier(name), sql.Identifier(template)))


def _digest() -> str:
    """Changes with any code of the product and with the locked dependencies."""
    files = [path for floor in ("panel", "providers", "orders") for path in sorted((ROOT / floor).rglob("*.py"))]
    found = hashlib.sha256()
    for path in [*files, ROOT / "requirements" / "runtime.txt"]:
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """One at a time, of all processes of this folder."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(url: str) -> None:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    with tempfile.TemporaryDirectory(prefix="panel-template.") as folder:
        environment = kept | {"DATABASE_URL": url, "DATA_DIR": folder}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
