"""The high-water mark: a file in the data directory that outlives a restore of the database. Used by safe_mode.

It holds the highest attempt that was ever made, and why staff switched safe mode on. Callers that decide by it read
and write it under its lock, so that no process overwrites what another one wrote.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

FILE = "high-water.json"


class MarkError(Exception):
    """The mark cannot be read or written, so what was sent is not known. The message is for staff."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The highest attempt, and in `held` why staff switched safe mode on; empty where they did not."""

    attempt: int = 0
    held: str = ""


def read() -> Mark:
    """The mark; an empty one where there is no file. Raises MarkError."""
    try:
        data = json.loads(_path().read_text())
    except FileNotFoundError:
        return Mark()
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None
    return _checked(data)


def write(mark: Mark) -> None:
    """Replace the mark, whole or not at all, so that it survives a power cut; inside `locked`. Raises MarkError."""
    try:
        draft = _draft(mark, is_durable=True)
        try:
            draft.replace(_path())
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync(_path().parent)
    except OSError as error:
        raise _unwritable(error) from None


def check_writable() -> None:
    """Raises MarkError where the data directory takes no file."""
    try:
        _draft(Mark(), is_durable=False).unlink()
    except OSError as error:
        raise _unwritable(error) from None


@contextmanager
def locked() -> Iterator[None]:
    """Let one process at a time work on the mark. Take it before any database lock. Raises MarkError."""
    try:
        lock = _path().with_suffix(".lock").open("w")
    except OSError as error:
        raise _unwritable(error) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _path() -> Path:
    return Path(settings.DATA_DIR) / FILE


def _checked(data: Any) -> Mark:
    try:
        mark = Mark(**data)
    except TypeError as error:
        raise _unreadable(error) from None
    if type(mark.attempt) is not int or not isinstance(mark.held, str):
        raise _unreadable(TypeError(_("it must hold a number and a reason")))
    return mark


def _draft(mark: Mark, *, is_durable: bool) -> Path:
    """Write a complete copy beside the mark, readable by its owner alone; none is left where that fails."""
    draft = _path().with_name(f"{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(mark), file)
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _sync(folder: Path) -> None:
    """Flush the directory: a renamed file survives a power cut only after that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(error: Exception) -> MarkError:
    text = _("%(file)s is damaged or cannot be read, so it is not known which orders were sent: %(error)s")
    return MarkError(text % {"file": _path(), "error": error})


def _unwritable(error: OSError) -> MarkError:
    text = _("The data directory cannot be written, so no order can be sent: %(file)s: %(error)s")
    return MarkError(text % {"file": _path(), "error": error.strerror or error})
