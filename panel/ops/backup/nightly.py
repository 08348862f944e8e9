"""The nightly backup of the embedded panel: one file a day in DATA_DIR/backups, of which the newest few are kept."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from panel.ops.alerts import close_alert, raise_alert
from panel.ops.backup.archive import write_backup
from panel.ops.backup.databases import BackupError
from panel.ops.models import Alert

SUBJECT = "backup"
NAMES = "panel-*.tar.gz"


def back_up(*, now: datetime) -> dict[str, int]:
    """Write today's backup and delete those beyond BACKUPS_KEPT; an alert is open while the last one failed."""
    folder = Path(settings.DATA_DIR) / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
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
    old = sorted(folder.glob(NAMES))[: -settings.BACKUPS_KEPT]
    for path in old:
        path.unlink()
    return {"deleted": len(old), "bytes": target.stat().st_size}
