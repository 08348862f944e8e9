"""The database as one consistent file, and back again: SQLite by its own online backup, PostgreSQL by its own tools."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from django.db import connection, connections
from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

EMPTY_SCHEMA = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"


class BackupError(Exception):
    """No backup was made or restored, and what was there is as it was. The message is for the owner."""


def kind() -> str:
    """The database that the panel runs on: sqlite or postgresql."""
    return str(connection.vendor)


def file_name() -> str:
    """What the database is called in an archive."""
    return "database.sqlite3" if kind() == "sqlite" else "database.dump"


def database_size() -> int:
    """About how many bytes the database takes, so that free space can be checked first."""
    if kind() == "sqlite":
        return sum(path.stat().st_size for path in _sqlite_files() if path.exists())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def dump(target: Path) -> None:
    """Write the database, as it is at one moment, into `target`; the panel may go on writing. Raises BackupError."""
    if kind() == "sqlite":
        _dump_sqlite(target)
    else:
        _run([_tool("pg_dump"), "--format=custom", "--no-owner", "--file", str(target), *_where()])


def load(source: Path, *, aside: Path) -> None:
    """Put the database of `source` in the place of the present one, whole or not at all. Raises BackupError.

    The present one is kept in the folder `aside`; on PostgreSQL everything is one transaction.
    """
    connections.close_all()
    if kind() == "sqlite":
        _load_sqlite(source, aside)
    else:
        _keep_postgres(aside)
        script = source.with_suffix(".sql")
        _run([_tool("pg_restore"), "--no-owner", "--file", str(script), str(source)])
        prefix = source.with_suffix(".first.sql")
        prefix.write_text(EMPTY_SCHEMA)
        options = ["--single-transaction", "--set", "ON_ERROR_STOP=1", "--quiet", "--no-psqlrc"]
        _run([_tool("psql"), *options, "--file", str(prefix), "--file", str(script), *_where()])


def others_connected() -> bool:
    """Whether another process is connected to this PostgreSQL database; on SQLite nobody can tell."""
    if kind() == "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return bool(cursor.fetchone()[0])


def check_sqlite(path: Path) -> None:
    """Raises BackupError unless the file is a whole SQLite database."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            found = database.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.DatabaseError as error:
        found = [(str(error),)]
    if found != [("ok",)]:
        raise BackupError(_("The database in the backup is damaged: %(why)s.") % {"why": found[0][0]})


def _dump_sqlite(target: Path) -> None:
    live = _sqlite_files()[0]
    try:
        with closing(sqlite3.connect(f"file:{live}?mode=ro", uri=True)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupError(_("The database cannot be copied: %(why)s.") % {"why": error}) from error
    check_sqlite(target)


def _load_sqlite(source: Path, aside: Path) -> None:
    """The database may be on another disk than the data directory: what takes time is done before the replacing."""
    check_sqlite(source)
    live, *beside = _sqlite_files()
    draft = live.with_name(f".{live.name}.restored")
    try:
        shutil.copyfile(source, draft)
        draft.chmod(0o600)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        if live.exists():
            shutil.copyfile(live, aside / live.name)
        for path in beside:
            if path.exists():
                shutil.move(path, aside / path.name)
        draft.replace(live)
    finally:
        draft.unlink(missing_ok=True)


def _keep_postgres(aside: Path) -> None:
    try:
        dump(aside / file_name())
    except BackupError as error:
        said = _("The present database cannot be kept: %(why)s Restore into a new and empty database instead.")
        raise BackupError(said % {"why": error}) from error


def _sqlite_files() -> Sequence[Path]:
    """The database, and what SQLite keeps beside it while it is open."""
    path = Path(str(connection.settings_dict["NAME"]))
    return [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            _("%(tool)s is not installed. Install PostgreSQL's client programs (Debian: postgresql-client).")
            % {"tool": name}
        )
    return found


def _where() -> list[str]:
    """The database for PostgreSQL's programs, with what DATABASE_URL says of TLS; the password is not in it."""
    given = connection.get_connection_params()
    names = [name for name in given if name in {"host", "port", "user", "dbname", "service"} or name.startswith("ssl")]
    return ["--no-password", "--dbname", make_conninfo(**{name: given[name] for name in names})]


def _run(command: Sequence[str]) -> None:
    password = connection.get_connection_params().get("password", "")
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run(  # noqa: S603 (our own arguments, no shell)
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [_("no reason given")])[0]
        tool = Path(command[0]).name
        raise BackupError(_("%(tool)s failed: %(why)s") % {"tool": tool, "why": said[:300]})
