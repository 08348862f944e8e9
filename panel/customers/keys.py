"""API keys: issued and shown once, opened by who asks with one, rotated and revoked. Called by every door of the API.

A key is `pk_<8>_<43>`: the first part finds its row, and only an HMAC-SHA-256 of the whole under API_PEPPER is kept.
The secret part has 256 random bits, so a slow hash would protect nothing and make each request dear.
"""

import hmac
import ipaddress
import json
import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from panel.customers.models import ApiKey, User
from panel.lib.secret import Secret
from panel.ops import audit

MOST_KEYS = 20
LONGEST_NAME = 60
MOST_NETWORKS = 20
ROTATION = timedelta(hours=24)
"""How long a rotated key still works beside the new one. Such keys are counted by themselves, up to MOST_KEYS too."""
USED_EVERY = timedelta(minutes=1)
"""`last_used_at` is no older than this when a key is in use: writing it each time would cost more than the answer."""

_KEY = re.compile(r"(pk_[a-z0-9]{8})_[A-Za-z0-9_-]{43}", re.ASCII)
_LETTERS = string.ascii_lowercase + string.digits
_NO_DIGEST = "0" * 64

# In plain SQL, since every call of the API waits for it: the ORM takes longer to put it together than to run it.
_OPEN = """
SELECT api_key.id, api_key.digest, api_key.customer_id, customer.email, api_key.is_read_only, api_key.allowed_networks,
    api_key.last_used_at IS NULL OR api_key.last_used_at <= %s
FROM customers_apikey api_key JOIN customers_user customer ON customer.id = api_key.customer_id
WHERE api_key.prefix = %s AND customer.is_active AND (api_key.ends_at IS NULL OR api_key.ends_at > %s)
"""


class KeyProblemError(Exception):
    """The key cannot be made or changed so; nothing was. The message is for its owner."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. `secret` is the whole of it, to be shown now or never."""

    key: ApiKey
    secret: Secret


@dataclass(frozen=True, slots=True)
class Holder:
    """Who asks with a key."""

    key_id: int
    customer_id: int
    email: str
    is_read_only: bool


def issue_key(
    *,
    customer: User,
    name: str,
    actor: str,
    is_read_only: bool = False,
    allowed_networks: Sequence[str] = (),
    now: datetime,
) -> IssuedKey:
    """A new key of the customer. Raises KeyProblemError for a bad name or network, and when there are too many."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise KeyProblemError(f"Give the key a name of up to {LONGEST_NAME} characters.")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=customer.pk)  # so that the limit holds
        if living_keys(customer=customer, now=now).filter(ends_at=None).count() >= MOST_KEYS:
            raise KeyProblemError(f"There are {MOST_KEYS} keys already: revoke one first.")
        prefix = "pk_" + "".join(secrets.choice(_LETTERS) for _ in range(8))
        secret = Secret(f"{prefix}_{secrets.token_urlsafe(32)}")
        key = ApiKey.objects.create(
            customer=customer,
            name=name,
            prefix=prefix,
            digest=_digest(secret.reveal()),
            is_read_only=is_read_only,
            allowed_networks=read_networks(allowed_networks),
            created_at=now,
        )
        audit.record(actor=actor, action="API key issued", target=f"customer:{customer.pk}", detail={"key": prefix})
    return IssuedKey(key, secret)


def rotate_key(*, key: ApiKey, actor: str, now: datetime) -> IssuedKey:
    """A new key in the place of this one, which goes on for a day so that programs can be changed over."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=key.customer_id)  # so that the limit holds
        if living_keys(customer=key.customer, now=now).exclude(ends_at=None).count() >= MOST_KEYS:
            raise KeyProblemError(f"{MOST_KEYS} keys were rotated within a day: revoke one of the old ones first.")
        if not _living(now).filter(pk=key.pk, ends_at=None).update(ends_at=now + ROTATION):
            raise KeyProblemError("This key has ended, or was rotated already.")
        target = f"customer:{key.customer_id}"
        audit.record(actor=actor, action="API key rotated", target=target, detail={"key": key.prefix})
        return issue_key(
            customer=key.customer,
            name=key.name,
            actor=actor,
            is_read_only=key.is_read_only,
            allowed_networks=key.allowed_networks,
            now=now,
        )


def revoke_key(*, key: ApiKey, actor: str, now: datetime) -> None:
    """From now on the key opens nothing. Saying so twice changes nothing."""
    with transaction.atomic():
        if _living(now).filter(pk=key.pk).update(ends_at=now):
            target = f"customer:{key.customer_id}"
            audit.record(actor=actor, action="API key revoked", target=target, detail={"key": key.prefix})


def open_key(*, text: str, address: str, now: datetime) -> Holder | None:
    """Who holds this key, or None where it opens nothing for that address. One query, and none for what is no key."""
    form = _KEY.fullmatch(text)
    if form is None:
        return None
    at = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [at(now - USED_EVERY), form[1], at(now)])
        row = cursor.fetchone()
    is_right = hmac.compare_digest(row[1] if row else _NO_DIGEST, _digest(text))
    if row is None or not is_right or not _may_come_from(json.loads(row[5]), address):
        return None
    key_id, _, customer_id, email, is_read_only, _, is_to_be_noted = row
    if is_to_be_noted:
        ApiKey.objects.filter(pk=key_id).update(last_used_at=now)
    return Holder(key_id=key_id, customer_id=customer_id, email=email, is_read_only=bool(is_read_only))


def living_keys(*, customer: User, now: datetime) -> QuerySet[ApiKey]:
    """The customer's keys that open something, the newest first."""
    return _living(now).filter(customer=customer).order_by("-pk")


def read_networks(texts: Sequence[str]) -> list[str]:
    """Addresses and networks in their usual writing. Raises KeyProblemError for what is none."""
    found = []
    for text in texts:
        if not text.strip():
            continue
        try:
            found.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError:
            raise KeyProblemError(
                f"“{text.strip()[:60]}” is no address: write 203.0.113.7 or 203.0.113.0/24, one a line."
            ) from None
    if len(found) > MOST_NETWORKS:
        raise KeyProblemError(f"At most {MOST_NETWORKS} addresses.")
    return list(dict.fromkeys(found))


def _living(now: datetime) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now))


def _digest(text: str) -> str:
    return hmac.new(settings.API_PEPPER.encode(), text.encode(), "sha256").hexdigest()


def _may_come_from(networks: Sequence[str], address: str) -> bool:
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in ipaddress.ip_network(network) for network in networks)
