"""Backups: consistent while the panel writes, whole or not at all, and nothing else is ever restored."""

import errno
import io
import json
import os
import secrets
import sqlite3
import tarfile
import tempfile
import threading
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from panel.ops.backup import archive, databases, nightly
from panel.ops.backup.archive import unpacked, write_backup
from panel.ops.backup.databases import BackupError
from panel.ops.backup.restore import restore
from panel.ops.backup.running import say_it_runs
from panel.ops.models import Alert, AuditEvent

NOW = datetime(2026, 3, 1, 2, 15, tzinfo=UTC)
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="of SQLite's file")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    (settings.DATA_DIR / "top-ups" / "2026").mkdir(parents=True)
    (settings.DATA_DIR / "top-ups" / "2026" / "a.png").write_bytes(b"picture")
    (settings.DATA_DIR / "secrets.json").write_text("{}")
    (settings.DATA_DIR / "high-water.json").write_text('{"attempt": 7}')
    return Path(settings.DATA_DIR)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    target = tmp_path / "panel.tar.gz"
    write_backup(target=target, with_secrets=False, now=NOW)
    return target


def names(path: Path) -> list[str]:
    with tarfile.open(path) as found:
        return found.getnames()


def rebuilt(source: Path, **changed: bytes | None) -> Path:
    """The archive with other contents of some members; None leaves one out."""
    target = source.with_name(f"{secrets.token_hex(4)}.tar.gz")
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        contents = {member.name: old.extractfile(member).read() for member in old}  # type: ignore[union-attr]
        for name, content in {**contents, **changed}.items():
            if content is not None:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return target


def test_it_holds_the_database_and_the_pictures_and_no_secret(backup: Path, data_dir: Path) -> None:
    assert names(backup) == ["manifest.json", databases.file_name(), "top-ups/2026/a.png"]
    assert oct(backup.stat().st_mode & 0o777) == "0o600"
    with unpacked(backup) as (manifest, folder):
        assert (manifest.created_at, manifest.database) == (NOW.isoformat(), connection.vendor)
        assert "ops.0001_initial" in manifest.migrations
        assert (folder / "top-ups/2026/a.png").read_bytes() == b"picture"
    assert [path.name for path in data_dir.iterdir() if path.name.startswith(".")] == []


def test_secrets_are_in_it_where_asked_for_and_the_high_water_mark_never(tmp_path: Path) -> None:
    manifest = write_backup(target=tmp_path / "all.tar.gz", with_secrets=True, now=NOW)
    assert manifest.has_secrets
    assert "secrets.json" in names(tmp_path / "all.tar.gz")
    assert "high-water.json" not in names(tmp_path / "all.tar.gz")


def test_secrets_that_are_not_there_are_not_promised(data_dir: Path, tmp_path: Path) -> None:
    (data_dir / "secrets.json").unlink()
    with pytest.raises(BackupError, match="no secrets"):
        write_backup(target=tmp_path / "all.tar.gz", with_secrets=True, now=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_nothing_is_written_over(backup: Path) -> None:
    before = backup.read_bytes()
    with pytest.raises(BackupError, match="exists already"):
        write_backup(target=backup, with_secrets=False, now=NOW)
    assert backup.read_bytes() == before


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BackupError, match="cannot be written"):
        write_backup(target=tmp_path / "nowhere" / "panel.tar.gz", with_secrets=False, now=NOW)
    monkeypatch.setattr(databases, "database_size", lambda: 10**18)
    with pytest.raises(BackupError, match="not enough room"):
        write_backup(target=tmp_path / "panel.tar.gz", with_secrets=False, now=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@on_sqlite
def test_it_is_one_moment_of_a_database_that_is_written_to(tmp_path: Path) -> None:
    """Pairs are written together, and no backup has half of one."""
    live = connection.settings_dict["NAME"]
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(live, timeout=20)) as database:
            while not stop.is_set():
                with database:
                    database.execute("INSERT INTO pairs VALUES (1)")
                    database.execute("INSERT INTO pairs VALUES (-1)")

    with closing(sqlite3.connect(live)) as database:
        database.execute("CREATE TABLE pairs (one INTEGER)")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            target = tmp_path / f"{number}.tar.gz"
            write_backup(target=target, with_secrets=False, now=NOW)
            with unpacked(target) as (_, folder), closing(sqlite3.connect(folder / "database.sqlite3")) as copy:
                assert copy.execute("SELECT coalesce(sum(one), 0), count(*) % 2 FROM pairs").fetchall() == [(0, 0)]
    finally:
        stop.set()
        writer.join()
        with closing(sqlite3.connect(live, timeout=20)) as database:
            database.execute("DROP TABLE pairs")


def manifest_of(path: Path, **changes: Any) -> bytes:
    with tarfile.open(path) as found:
        text = found.extractfile("manifest.json")
        assert text
        return json.dumps(json.loads(text.read()) | changes).encode()


def test_what_is_no_backup_is_refused(backup: Path, data_dir: Path) -> None:
    noise = backup.with_name("noise")
    noise.write_bytes(b"\x00" * 5000)
    picture = "top-ups/2026/a.png"
    broken = backup.with_name("broken.tar.gz")
    broken.write_bytes(backup.read_bytes()[:-200])
    outside = json.loads(manifest_of(backup))["files"] | {"../outside": "0" * 64}
    for source, why in (
        (noise, "no backup of the panel, or it is damaged"),
        (backup.with_name("missing"), "no backup of the panel, or it is damaged"),
        (broken, "no backup of the panel, or it is damaged"),
        (rebuilt(backup, **{picture: b"other"}), "was changed"),
        (rebuilt(backup, **{picture: None}), "is missing"),
        (rebuilt(backup, **{"manifest.json": b"[]"}), "damaged"),
        (rebuilt(backup, more=b"x"), "does not belong in it"),
        (rebuilt(backup, **{"manifest.json": manifest_of(backup, files=outside), "../outside": b"x"}), "belong"),
        (rebuilt(backup, **{"manifest.json": manifest_of(backup, format=2)}), "newer version"),
        (rebuilt(backup, **{"manifest.json": manifest_of(backup, migrations=["ops.9999_later"])}), "newer version"),
        (rebuilt(backup, **{"manifest.json": manifest_of(backup, database="oracle")}), "a backup of a oracle database"),
    ):
        with pytest.raises(BackupError, match=why):
            restore(source=source, actor="ana", now=NOW)
    assert not (data_dir.parent / "outside").exists()
    assert list(data_dir.glob("before-restore-*")) == []


def test_a_restore_waits_for_no_running_panel(backup: Path, data_dir: Path) -> None:
    with say_it_runs(), pytest.raises(BackupError, match="The panel runs on this data directory"):
        restore(source=backup, actor="ana", now=NOW)
    assert list(data_dir.glob("before-restore-*")) == []


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database that a restore replaces is another file than that of the tests."""
    live = tmp_path / "live.sqlite3"
    monkeypatch.setattr(databases, "_sqlite_files", lambda: [live, tmp_path / "live-wal", tmp_path / "live-shm"])
    return live


@on_sqlite
def test_what_was_there_is_kept_beside(backup: Path, data_dir: Path, elsewhere: Path) -> None:
    elsewhere.write_bytes(b"the old database")
    (data_dir / "top-ups" / "2026" / "b.png").write_bytes(b"later")
    _, aside = restore(source=backup, actor="ana", now=NOW)
    assert (aside / "live.sqlite3").read_bytes() == b"the old database"
    assert sorted(path.name for path in (aside / "top-ups" / "2026").iterdir()) == ["a.png", "b.png"]
    assert [path.name for path in (data_dir / "top-ups" / "2026").iterdir()] == ["a.png"]
    databases.check_sqlite(elsewhere)
    assert (data_dir / "high-water.json").read_text() == '{"attempt": 7}'
    assert AuditEvent.objects.get().action == "backup.restore"


@on_sqlite
@pytest.mark.skipif("not Path('/dev/shm').is_dir()", reason="needs a second file system")
def test_the_database_may_be_on_another_disk_than_the_data(
    backup: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        live, wal = Path(folder) / "live.sqlite3", Path(folder) / "live.sqlite3-wal"
        assert live.parent.stat().st_dev != data_dir.stat().st_dev
        live.write_bytes(b"the old database")
        wal.write_bytes(b"its newest part")
        monkeypatch.setattr(databases, "_sqlite_files", lambda: [live, wal])
        _, aside = restore(source=backup, actor="ana", now=NOW)
        databases.check_sqlite(live)
        assert [path.name for path in Path(folder).iterdir()] == ["live.sqlite3"]
    assert (aside / "live.sqlite3").read_bytes() == b"the old database"
    assert (aside / "live.sqlite3-wal").read_bytes() == b"its newest part"


def test_the_nightly_job_keeps_the_newest(settings: Any, data_dir: Path) -> None:
    settings.BACKUPS_KEPT = 2
    for day in range(1, 5):
        nightly.back_up(now=NOW.replace(day=day))
    kept = sorted(path.name for path in (data_dir / "backups").iterdir())
    assert kept == ["panel-20260303T021500Z.tar.gz", "panel-20260304T021500Z.tar.gz"]


def test_the_nightly_job_leaves_the_owners_files_and_never_deletes_what_it_just_wrote(
    settings: Any, data_dir: Path
) -> None:
    """Files of the future were made while the clock was ahead."""
    settings.BACKUPS_KEPT = 1
    folder = data_dir / "backups"
    folder.mkdir()
    others = ["panel-before-upgrade.tar.gz", "panel-mine.tar.gz", "panel-20270101T000000Z.tar.gz"]
    for name in others:
        (folder / name).write_bytes(b"")
    nightly.back_up(now=NOW)
    assert nightly.back_up(now=NOW.replace(day=2))["deleted"] == 1
    assert {path.name for path in folder.iterdir()} == {*others, "panel-20260302T021500Z.tar.gz"}


def test_the_nightly_job_clears_away_what_a_power_cut_left(data_dir: Path) -> None:
    left = [data_dir / ".backup.old", data_dir / "backups" / ".backup.old", data_dir / "backups" / ".backup.new"]
    for folder, hours in zip(left, (25, 25, 23), strict=True):
        folder.mkdir(parents=True)
        (folder / "database.sqlite3").write_bytes(b"half")
        at = (NOW - timedelta(hours=hours)).timestamp()
        os.utime(folder, (at, at))
    nightly.back_up(now=NOW)
    assert [folder.exists() for folder in left] == [False, False, True]


def test_a_night_that_fails_with_a_full_disk_is_an_alert_too(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(databases, "dump", lambda path: path.write_bytes(b"x"))
    monkeypatch.setattr(archive.shutil, "copyfile", full)  # of a picture
    with pytest.raises(BackupError, match=r"cannot be written: .*No space left"):
        nightly.back_up(now=NOW)
    assert Alert.objects.get(closed_at=None).title == "The nightly backup failed"
    assert list((data_dir / "backups").iterdir()) == []


def test_room_is_looked_for_with_the_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "database_size", lambda: 100)
    monkeypatch.setattr(databases, "dump", lambda path: path.write_bytes(b"x"))
    needed = 2 * (100 + len(b"picture"))
    for free, is_enough in ((needed - 1, False), (needed, True)):
        monkeypatch.setattr(archive.shutil, "disk_usage", lambda _, free=free: type("Usage", (), {"free": free}))
        with nullcontext() if is_enough else pytest.raises(BackupError, match="not enough room"):
            write_backup(target=tmp_path / "panel.tar.gz", with_secrets=False, now=NOW)


def test_a_restore_that_fails_leaves_everything_as_it_was(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures and secrets are put back where the database cannot be."""
    source = tmp_path / "panel.tar.gz"
    write_backup(target=source, with_secrets=True, now=NOW)
    (data_dir / "secrets.json").write_text('{"new": 1}')
    (data_dir / "top-ups" / "new.png").write_bytes(b"new")

    def broken(source: Path, *, aside: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(databases, "load", broken)
    with pytest.raises(BackupError, match=r"cannot be put back: .*Input/output error"):
        restore(source=source, actor="ada", now=NOW)
    assert (data_dir / "secrets.json").read_text() == '{"new": 1}'
    assert sorted(path.name for path in (data_dir / "top-ups").rglob("*.png")) == ["a.png", "new.png"]


def test_what_the_address_says_of_tls_holds_for_postgresqls_programs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"dbname": "panel", "host": "db", "password": "canary", "sslmode": "verify-full", "options": "-c x=1"}
    monkeypatch.setattr(databases.connection, "get_connection_params", lambda: given)
    assert databases._where() == ["--no-password", "--dbname", "dbname=panel host=db sslmode=verify-full"]


def test_a_failed_night_is_an_alert_until_one_succeeds(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(archive.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 0}))
        with pytest.raises(BackupError):
            nightly.back_up(now=NOW)
    alert = Alert.objects.get(closed_at=None)
    assert (alert.title, "not enough room" in alert.detail) == ("The nightly backup failed", True)
    nightly.back_up(now=NOW)
    assert not Alert.objects.filter(closed_at=None).exists()
