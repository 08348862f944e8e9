"""How a message is signed, so that its receiver knows who sent it and when: webhooks and alerts. Pure.

The scheme is that of https://www.standardwebhooks.com: HMAC-SHA-256 of `id.timestamp.body` under the secret's bytes.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from panel.lib.secret import Secret

PREFIX = "whsec_"


def new_secret() -> Secret:
    """A fresh secret, as it is shown: `whsec_` and base64 of 32 random bytes."""
    return Secret(PREFIX + base64.b64encode(secrets.token_bytes(32)).decode())


def key_of(secret: Secret) -> bytes:
    """The bytes that sign. Raises ValueError where the secret is not written as `new_secret` writes it."""
    return base64.b64decode(secret.reveal().removeprefix(PREFIX), validate=True)


def signed_headers(*, secret: Secret, message_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """The headers that go with `body`; `timestamp` in seconds since 1970."""
    digest = hmac.new(key_of(secret), f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
