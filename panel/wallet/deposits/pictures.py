"""Pictures that customers send as a proof: known by their content, kept outside of what the web server serves. Pure."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage

LARGEST = 5 * 1024 * 1024
LARGEST_FORM = LARGEST + 1024 * 1024
"""A form with such a picture. The room beyond lets the form itself say that a picture is a little too large."""
_KINDS: Sequence[tuple[str, bytes, int]] = (
    ("png", b"\x89PNG\r\n\x1a\n", 0),
    ("jpg", b"\xff\xd8\xff", 0),
    ("webp", b"WEBP", 8),
)
"""A kind's ending, and the bytes that stand at a place of every such file."""
TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def picture_kind(head: bytes) -> str:
    """The ending of the kind of picture that begins with these bytes, or "" where it is none of those taken."""
    return next((name for name, mark, place in _KINDS if head[place : place + len(mark)] == mark), "")


def picture_name(instance: Any, name: str) -> str:
    """A name that nobody can guess; the customer's own is not kept. The ending is one of TYPES."""
    return f"{secrets.token_hex(16)}.{Path(name).suffix.lstrip('.')}"


def picture_store() -> FileSystemStorage:
    """The data directory's own folder: only the views that ask who is looking read from it."""
    return FileSystemStorage(location=settings.DATA_DIR / "top-ups", file_permissions_mode=0o600)
