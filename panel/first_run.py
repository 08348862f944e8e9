"""The secrets a panel needs, made once, into the data directory with owner-only rights. Called by the settings."""

import json
import os
import secrets
import stat
import time
from pathlib import Path

from panel.lib import crypto

FILE = "secrets.json"


class UnsafeSecretsError(Exception):
    """The secrets file is readable by others or incomplete; the panel does not start on it."""


def load_or_create_secrets(data_dir: Path) -> dict[str, str]:
    """SECRET_KEY, DATA_KEYS and API_PEPPER from `data_dir`, generated there first where the file is missing."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = data_dir / FILE
    if not path.exists():
        _create(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UnsafeSecretsError(f"{path} can be read by others: chmod 600 it.")
    values: dict[str, str] = json.loads(path.read_text())
    if not {"SECRET_KEY", "DATA_KEYS", "API_PEPPER"} <= values.keys():
        raise UnsafeSecretsError(f"{path} is incomplete: restore it from your backup.")
    return values


def _create(path: Path) -> None:
    values = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DATA_KEYS": crypto.new_key(),
        "API_PEPPER": secrets.token_urlsafe(32),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(values, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails where another process was first; its secrets then count
    except FileExistsError:
        pass
    finally:
        draft.unlink()
