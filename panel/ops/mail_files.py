"""Mails that are kept as files, where no mail server is set: anybody who asks for a new password makes one.

Called by a daily job.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

KEPT_FOR = timedelta(days=30)


def forget_mails(*, now: datetime) -> int:
    """Delete mails that are older than KEPT_FOR; how many there were. A file that is no mail is left alone."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    if folder is None or not Path(folder).is_dir():
        return 0
    old = [
        file
        for file in Path(folder).glob("*.log")  # as Django names them
        if datetime.fromtimestamp(file.stat().st_mtime, UTC) < now - KEPT_FOR
    ]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)
