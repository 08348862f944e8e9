"""The recovery codes that are not used yet become digests, and the seeds that they were computed from are deleted.

The way back brings no seed back: who goes back makes new codes. What no key of DATA_KEYS opens stays as it is.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import migrations

from panel.lib import crypto

PLACE = "mfa:authenticator:data"
COUNT, DIGITS = 10, 8


def _open(text: str) -> str:
    if not text.startswith("v1."):
        return text  # from before second factors were sealed
    return crypto.unseal(text, place=PLACE, keys=settings.DATA_KEYS).reveal()


def _unused(data: dict[str, Any]) -> Iterator[str]:
    """The codes as django-allauth computes them from its seed, without those that were used."""
    if "migrated_codes" in data:
        yield from (_open(code) for code in data["migrated_codes"])
        return
    digest = hmac.new(_open(data["seed"]).encode("ascii"), None, hashlib.sha1)
    for number in range(COUNT):
        digest.update(f"{number:3},".encode())
        value = int.from_bytes(digest.digest()[: DIGITS // 2], "big") % 10**DIGITS
        if not data["used_mask"] & (1 << number):
            yield f"{value:0{DIGITS}}"


def _digest(code: str, user_id: int) -> str:
    code = re.sub(r"[\s-]+", "", code).upper().translate(str.maketrans("ILO", "110"))
    message = f"recovery code:{user_id}:{code}".encode()
    return hmac.new(settings.API_PEPPER.encode(), message, "sha256").hexdigest()


def hash_codes(apps: Any, schema_editor: Any) -> None:
    """The codes belong to the user's app from now on; codes without one stood in for nothing."""
    factors = apps.get_model("mfa", "Authenticator").objects
    codes = apps.get_model("customers", "RecoveryCode").objects
    for seeded in list(factors.filter(type="recovery_codes").order_by("pk")):
        app = factors.filter(user_id=seeded.user_id, type="totp").first()
        try:
            digests = {_digest(code, seeded.user_id) for code in _unused(seeded.data)} if app else set()
        except crypto.SealError:
            continue
        codes.bulk_create(codes.model(authenticator=app, digest=digest) for digest in sorted(digests))
        factors.filter(pk=seeded.pk).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0009_recovery_codes"),
    ]

    operations = [
        migrations.RunPython(hash_codes, migrations.RunPython.noop),
    ]
