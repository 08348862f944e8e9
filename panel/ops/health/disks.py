"""Whether the disks that the panel writes to can be written and have room. Asked by the health pages."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django.conf import settings

CHECK_SECONDS = 10
"""One write test a disk in this time is enough, however often the page is asked."""
TEST_BYTES = bytes(8192)


def disk_problems() -> list[str]:
    """What is wrong with the disks of DATA_DIR and of an SQLite database, without their paths; empty when nothing."""
    period = int(time.monotonic()) // CHECK_SECONDS
    found = {folder.resolve(): name for name, folder in folders()}
    problems = [_disk_problem(name, str(path), period) for path, name in found.items()]
    return sorted(filter(None, problems))


def folders() -> Iterator[tuple[str, Path]]:
    """What is written where; a folder of both is called by the last name."""
    if settings.IS_SQLITE:
        yield "database", Path(settings.DATABASES["default"]["NAME"]).parent
    yield "DATA_DIR", Path(settings.DATA_DIR)


@lru_cache(maxsize=8)
def _disk_problem(name: str, path: str, period: int) -> str:
    """The problem of one folder's disk, or ""; another `period` checks it again."""
    try:
        room = shutil.disk_usage(path).free
        _write(path)
    except OSError as error:
        return f"disk of {name}: {os.strerror(error.errno) if error.errno else type(error).__name__}"
    free = room // (1024 * 1024)
    return (
        f"disk of {name}: {free} MB free, less than {settings.DISK_ROOM_MB} MB" if free < settings.DISK_ROOM_MB else ""
    )


def _write(path: str) -> None:
    """Write a little to the disk; OSError where that fails. Nothing is left behind."""
    with tempfile.TemporaryFile(dir=path) as file:
        file.write(TEST_BYTES)
        file.flush()
        os.fsync(file.fileno())
