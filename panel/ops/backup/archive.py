"""A backup as one file: a tar archive of the database, the customers' pictures and a manifest that tells what is in it.

The mark of the highest attempt (high-water.json) is never part of it: it has to outlive a restore, so that safe mode
notices what was sent since. Secrets are part of it only where the owner asks for that.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from panel.first_run import FILE as SECRETS
from panel.ops.backup import databases
from panel.ops.backup.databases import BackupError

FORMAT = 1
FOLDERS = ("top-ups",)
"""Of DATA_DIR, beside the database: the pictures that customers sent."""
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 1_000_000
UNFINISHED = ".backup."
"""How the folder begins that a backup is made or unpacked in, beside the file or in DATA_DIR."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds: `files` by name with their SHA-256, `migrations` as app.name."""

    format: int
    created_at: str
    database: str
    migrations: list[str]
    files: Mapping[str, str]

    @property
    def has_secrets(self) -> bool:
        return SECRETS in self.files


def write_backup(*, target: Path, with_secrets: bool, now: datetime) -> Manifest:
    """Write a backup of the panel into the new file `target`, for its owner's eyes alone, whole or not at all.

    The panel may go on meanwhile. Raises BackupError, also where `target` exists.
    """
    if target.exists():
        raise BackupError(_("%(file)s exists already.") % {"file": target})
    if with_secrets and not (Path(settings.DATA_DIR) / SECRETS).exists():
        raise BackupError(_("There is no secrets.json: the secrets are in the environment. Keep them by yourself."))
    try:
        _look_for_room(target.parent)
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=target.parent) as name:
            return _write(target, Path(name), with_secrets=with_secrets, now=now)
    except OSError as error:
        raise BackupError(_("The backup cannot be written: %(why)s.") % {"why": error}) from error


@contextmanager
def unpacked(source: Path) -> Iterator[tuple[Manifest, Path]]:
    """The manifest of a backup and a folder with its files, each checked; the folder is gone at the end.

    Raises BackupError where the file is no backup, is damaged, or was made by a newer version of the panel.
    """
    with _folder(Path(settings.DATA_DIR)) as folder:
        try:
            with tarfile.open(source, "r:gz") as archive:
                manifest = _read_manifest(archive)
                _extract(archive, manifest, folder)
        except (tarfile.TarError, OSError, EOFError, ValueError, TypeError, KeyError) as error:
            raise BackupError(
                _("This is no backup of the panel, or it is damaged: %(why)s.") % {"why": error}
            ) from error
        _check(manifest)
        yield manifest, folder


def _write(target: Path, folder: Path, *, with_secrets: bool, now: datetime) -> Manifest:
    copy = folder / databases.file_name()
    databases.dump(copy)
    files = {copy.name: copy} | dict(_data_files(folder, with_secrets))
    manifest = Manifest(
        format=FORMAT,
        created_at=now.isoformat(),
        database=databases.kind(),
        migrations=sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
        files={name: _digest(path) for name, path in files.items()},
    )
    draft = folder / "archive"
    _pack(draft, manifest, files)
    draft.rename(target)
    return manifest


def _check(manifest: Manifest) -> None:
    if manifest.format != FORMAT or set(manifest.migrations) - known_migrations():
        raise BackupError(_("This backup was made by a newer version of the panel. Install that version first."))
    if manifest.database != databases.kind():
        raise BackupError(
            _("This is a backup of a %(theirs)s database, and the panel runs on %(ours)s.")
            % {"theirs": manifest.database, "ours": databases.kind()}
        )


def known_migrations() -> set[str]:
    loader = MigrationLoader(None)
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    return {f"{app}.{name}" for app, name in {*loader.disk_migrations, *replaced}}


def _data_files(folder: Path, with_secrets: bool) -> Iterator[tuple[str, Path]]:
    """Copies of the files in `folder`: one that the panel deletes meanwhile is left out."""
    data = Path(settings.DATA_DIR)
    for path in [*_pictures(), *([data / SECRETS] if with_secrets else [])]:
        copy = folder / "data" / path.relative_to(data)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            yield path.relative_to(data).as_posix(), Path(shutil.copyfile(path, copy))


def _pictures() -> list[Path]:
    data = Path(settings.DATA_DIR)
    return [path for name in FOLDERS for path in sorted((data / name).rglob("*")) if path.is_file()]


def _pack(draft: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
            text = json.dumps(asdict(manifest)).encode()
            head = tarfile.TarInfo(MANIFEST)
            head.size = len(text)
            archive.addfile(head, io.BytesIO(text))
            for name, path in files.items():
                archive.add(path, arcname=name, recursive=False)
        file.flush()
        os.fsync(file.fileno())


def _read_manifest(archive: tarfile.TarFile) -> Manifest:
    first = archive.next()
    if first is None or first.name != MANIFEST or first.size > MAX_MANIFEST_BYTES:
        raise ValueError("it has no manifest")
    text = archive.extractfile(first)
    if text is None:
        raise ValueError("it has no manifest")
    return Manifest(**json.loads(text.read()))


def _extract(archive: tarfile.TarFile, manifest: Manifest, folder: Path) -> None:
    """The files that the manifest names and nothing else, each inside of the folder."""
    missing = dict(manifest.files)
    while (member := archive.next()) is not None:
        digest = missing.pop(member.name, None)
        if digest is None or not member.isfile() or ".." in PurePosixPath(member.name).parts:
            raise ValueError(f"{member.name[:60]} does not belong in it")
        archive.extract(member, folder, filter="data")
        if _digest(folder / member.name) != digest:
            raise ValueError(f"{member.name[:60]} was changed")
    if missing:
        raise ValueError(f"{next(iter(missing))[:60]} is missing")


def _look_for_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    pictures = sum(path.stat().st_size for path in _pictures() if path.exists())
    needed = 2 * (databases.database_size() + pictures)  # the copy, and the archive of it at the worst
    if free < needed:
        raise BackupError(
            _("There is not enough room for a backup: %(free)s MB are free, %(needed)s MB are needed.")
            % {"free": free // 10**6, "needed": needed // 10**6}
        )


@contextmanager
def _folder(parent: Path) -> Iterator[Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=parent)
    except OSError as error:
        raise BackupError(_("The backup cannot be unpacked: %(why)s.") % {"why": error}) from error
    with folder as name:
        yield Path(name)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
