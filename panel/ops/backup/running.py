"""Whether the panel serves on this data directory: `run_panel` holds a lock while it runs, and a restore needs it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from panel.ops.backup.databases import BackupError

FILE = "running.lock"


def say_it_runs() -> IO[str]:
    """Hold the lock, beside others who run, until what is returned is closed or this process and its children end."""
    lock = (Path(settings.DATA_DIR) / FILE).open("w")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


@contextmanager
def nobody_serves() -> Iterator[None]:
    """The block runs while no panel does. Raises BackupError where one runs."""
    with (Path(settings.DATA_DIR) / FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(_("The panel runs on this data directory. Stop it first.")) from None
        yield
