"""The nightly backup of the embedded panel: one file a day in DATA_DIR/backups, of which the newest few are kept."""

import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from panel.ops.alerts.alerts import close_alert, raise_alert
from panel.ops.backup.archive import UNFINISHED, write_backup
from panel.ops.backup.databases import BackupError
from panel.ops.models import Alert

SUBJECT = "backup"
NAME = re.compile(r"panel-[0-9]{8}T[0-9]{6}Z\.tar\.gz")
"""Files of other names in the folder are the owner's: they are not counted, nor deleted."""
DIED_AGO = timedelta(days=1)
"""No backup takes so long: what is older and unfinished was left by a power cut."""


def back_up(*, now: datetime) -> dict[str, int]:
    """Write today's backup and delete those beyond BACKUPS_KEPT; an alert is open while the last one failed."""
    folder = Path(settings.DATA_DIR) / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    for unfinished in _unfinished(folder, now):
        shutil.rmtree(unfinished)
    target = folder / f"panel-{now:%Y%m%dT%H%M%SZ}.tar.gz"
    if target.exists():  # another run of this very second
        return {"deleted": 0, "bytes": target.stat().st_size}
    try:
        write_backup(target=target, with_secrets=False, now=now)
    except BackupError as error:
        raise_alert(
            subject=SUBJECT, level=Alert.Level.CRITICAL, title=_("The nightly backup failed"), detail=str(error)
        )
        raise
    close_alert(subject=SUBJECT)
    ours = sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    # One from the future was made while the clock was ahead: it takes no other's place.
    old = [path for path in ours if path <= target][: -settings.BACKUPS_KEPT]
    for path in old:
        path.unlink()
    return {"deleted": len(old), "bytes": target.stat().st_size}


def _unfinished(folder: Path, now: datetime) -> Iterator[Path]:
    """What backups and restores left that were cut off."""
    for place in (folder, Path(settings.DATA_DIR)):
        for path in place.glob(f"{UNFINISHED}*"):
            if path.stat().st_mtime < (now - DIED_AGO).timestamp():
                yield path
