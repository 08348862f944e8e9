"""Secrets at rest: AES-256-GCM, bound to the row they belong to, under keys that can be rotated.

`DATA_KEYS` lists base64 keys of 32 bytes, the newest first. A sealed text is `v1.<key id>.<nonce+cipher>`; the place
it was sealed for (`table:row:field`) is authenticated with it, so a sealed text copied to another row does not open.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from panel.lib.secret import Secret

NONCE_BYTES = 12


class SealError(Exception):
    """A secret cannot be opened: wrong key, wrong row, or damaged. The message says nothing of its content."""


def new_key() -> str:
    """A fresh data key, as it stands in DATA_KEYS."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def seal(secret: Secret, *, place: str, keys: Sequence[str]) -> str:
    """The sealed text of `secret` for `place`, under the first of `keys`."""
    raw = _decode(keys[0])
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AESGCM(raw).encrypt(nonce, secret.reveal().encode(), place.encode())
    return f"v1.{_key_id(raw)}.{base64.urlsafe_b64encode(nonce + cipher).decode()}"


def unseal(sealed: str, *, place: str, keys: Sequence[str]) -> Secret:
    """The secret sealed for `place`. Raises SealError when no key opens it there."""
    version, _, rest = sealed.partition(".")
    key_id, _, body = rest.partition(".")
    if version != "v1":
        raise SealError("This secret was sealed by an unknown version.")
    for key in keys:
        raw = _decode(key)
        if _key_id(raw) == key_id:
            return _open(raw, base64.urlsafe_b64decode(body), place)
    raise SealError("The key that sealed this secret is not in DATA_KEYS.")


def is_sealed_by(sealed: str, *, key: str) -> bool:
    """Whether it is this key that sealed it."""
    return sealed.startswith(f"v1.{_key_id(_decode(key))}.")


def _open(raw: bytes, blob: bytes, place: str) -> Secret:
    try:
        return Secret(AESGCM(raw).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], place.encode()).decode())
    except InvalidTag:
        raise SealError("This secret does not open here: it belongs to another row or is damaged.") from None


def _decode(key: str) -> bytes:
    raw = base64.urlsafe_b64decode(key)
    if len(raw) != 32:
        raise SealError("A data key has 32 bytes.")
    return raw


def _key_id(raw: bytes) -> str:
    return hashlib.sha256(b"key id:" + raw).hexdigest()[:8]
