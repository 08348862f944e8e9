"""The files in which processes count, one folder a run beneath DATA_DIR/metrics. Prometheus' own library writes them.

A folder (PROMETHEUS_MULTIPROC_DIR, set by the settings) is named after host and process, so that containers that share
DATA_DIR never write to the same file; forked processes write beside their parent.
"""

import os
import shutil
import time
from functools import cache
from pathlib import Path

from django.conf import settings

FORGOTTEN_AFTER = 24 * 3600
"""Seconds after which the folder of another host, to which nobody writes, is deleted."""


def make_folder() -> None:
    """The folder of this run, for its owner's eyes only."""
    _make(os.environ["PROMETHEUS_MULTIPROC_DIR"])


def all_files() -> list[str]:
    """Those of every run, ended ones too until the next start."""
    return [str(path) for path in settings.METRICS_DIR.glob("*/*.db")]


def clean_up() -> None:
    """Delete what ended runs left behind. At the start of a server or a worker, before it counts anything."""
    for folder in settings.METRICS_DIR.glob("*-*"):
        if _is_over(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_over(folder: Path) -> bool:
    host, _, number = folder.name.rpartition("-")
    if host == settings.HOST_NAME:
        return int(number) == os.getpid() or not _is_running(int(number))
    written = max((path.stat().st_mtime for path in folder.glob("*.db")), default=folder.stat().st_mtime)
    return time.time() - written > FORGOTTEN_AFTER


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


@cache
def _make(path: str) -> None:
    Path(path).mkdir(mode=0o700, parents=True, exist_ok=True)
