"""Put a backup back: the database and the pictures, and the secrets where it has them. Called by the command `restore`.

What was there before is kept in a folder of DATA_DIR. What was sent since the backup is found afterwards: the panel
starts in safe mode.
"""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from panel.first_run import FILE as SECRETS
from panel.ops import audit
from panel.ops.backup import databases
from panel.ops.backup.archive import FOLDERS, Manifest, known_migrations, unpacked
from panel.ops.backup.databases import BackupError
from panel.ops.backup.running import nobody_serves


def restore(*, source: Path, actor: str, now: datetime) -> tuple[Manifest, Path]:
    """Restore the backup; its manifest, and the folder with what was there before. Raises BackupError.

    The panel must not run: nothing is changed while anybody serves, works or is connected.
    """
    with nobody_serves(), unpacked(source) as (manifest, folder):
        if databases.others_connected():
            raise BackupError(
                _("Other programs are connected to the database. Stop the panel, its workers and beat first.")
            )
        aside = Path(settings.DATA_DIR) / f"before-restore-{now:%Y%m%dT%H%M%SZ}"
        try:
            aside.mkdir(mode=0o700)
            _put_back(manifest, folder, aside)
        except OSError as error:
            raise BackupError(_("The backup cannot be put back: %(why)s.") % {"why": error}) from error
        if _is_current(manifest):
            audit.record(actor=actor, action="backup.restore", target="panel", detail={"made": manifest.created_at})
    return manifest, aside


def _is_current(manifest: Manifest) -> bool:
    """Whether the restored database has the tables of this version; an older one is migrated first."""
    return known_migrations() <= set(manifest.migrations)


def _put_back(manifest: Manifest, folder: Path, aside: Path) -> None:
    """The files, then the database; where one of them fails, all stays as it was."""
    with ExitStack() as undo:
        for name in [*FOLDERS, *([SECRETS] if manifest.has_secrets else [])]:
            here = Path(settings.DATA_DIR) / name
            if here.exists():
                here.rename(aside / name)
                undo.callback((aside / name).rename, here)
            if (folder / name).exists():
                (folder / name).rename(here)
                undo.callback(here.rename, folder / name)
        databases.load(folder / databases.file_name(), aside=aside)
        undo.pop_all()
