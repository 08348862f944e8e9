"""Images that customers send as proof of payment: checked by content, stored where no web server serves them."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage

MAX_PICTURE_BYTES = 5 * 1024 * 1024
MAX_FORM_BYTES = MAX_PICTURE_BYTES + 1024 * 1024
"""A form with such an image. It is larger so that the form itself can refuse an image that is slightly too large."""
_KINDS: Sequence[tuple[str, bytes, int]] = (
    ("png", b"\x89PNG\r\n\x1a\n", 0),
    ("jpg", b"\xff\xd8\xff", 0),
    ("webp", b"WEBP", 8),
)
"""For each type the file extension, and the bytes that every such file has at an offset."""
TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def picture_kind(head: bytes) -> str:
    """The file extension of an image that begins with these bytes, or "" if the type is not accepted."""
    return next((name for name, mark, place in _KINDS if head[place : place + len(mark)] == mark), "")


def picture_name(instance: Any, name: str) -> str:
    """A file name that nobody can guess, with an extension of TYPES. The customer's own name is not kept."""
    return f"{secrets.token_hex(16)}.{Path(name).suffix.lstrip('.')}"


def picture_store() -> FileSystemStorage:
    """A folder of the data directory. Only views that check the user read from it."""
    return FileSystemStorage(location=settings.DATA_DIR / "top-ups", file_permissions_mode=0o600)
