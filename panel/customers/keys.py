"""API keys: issue, authenticate, rotate and revoke them. Called by the API and by the pages and commands for keys.

A key is `pk_<8>_<43>`: the first part finds its row, and only an HMAC-SHA-256 of the whole under API_PEPPER is kept.
The secret part has 256 random bits, so a slow hash would protect nothing and slow down each request.
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
from django.utils.translation import gettext as _

from panel.customers.models import ApiKey, User
from panel.lib.secret import Secret
from panel.ops import audit

MAX_KEYS = 20
MAX_NAME_LENGTH = 60
MAX_NETWORKS = 20
ROTATION = timedelta(hours=24)
"""How long a rotated key still works beside the new one. Rotated keys have their own limit of MAX_KEYS."""
USED_EVERY = timedelta(minutes=1)
"""`last_used_at` is written at most this often: writing it on every request would cost more than the answer."""

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


class ApiKeyError(Exception):
    """The key cannot be created or changed, and nothing was. The message is for its owner."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. `secret` is the full key, which can be shown only now."""

    key: ApiKey
    secret: Secret


@dataclass(frozen=True, slots=True)
class ApiClient:
    """The customer who sent a request, and the key they used."""

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
    """Create a key. Raises ApiKeyError for an invalid name or network, or if there are too many keys."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise ApiKeyError(_("Enter a name of up to %(max)d characters.") % {"max": MAX_NAME_LENGTH})
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=customer.pk)  # so that the limit holds
        if active_keys(customer=customer, now=now).filter(ends_at=None).count() >= MAX_KEYS:
            raise ApiKeyError(_("You can have up to %(max)d API keys. Revoke one first.") % {"max": MAX_KEYS})
        prefix = "pk_" + "".join(secrets.choice(_LETTERS) for _index in range(8))
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
    """Replace the key with a new one. The old key works for another 24 hours, so that programs can be changed over."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=key.customer_id)  # so that the limit holds
        if active_keys(customer=key.customer, now=now).exclude(ends_at=None).count() >= MAX_KEYS:
            text = _("You can rotate up to %(max)d keys within 24 hours. Revoke one of the old keys first.")
            raise ApiKeyError(text % {"max": MAX_KEYS})
        if not _active(now).filter(pk=key.pk, ends_at=None).update(ends_at=now + ROTATION):
            raise ApiKeyError(_("This key has expired or was already rotated."))
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
    """Revoke the key immediately. Doing so twice changes nothing."""
    with transaction.atomic():
        if _active(now).filter(pk=key.pk).update(ends_at=now):
            target = f"customer:{key.customer_id}"
            audit.record(actor=actor, action="API key revoked", target=target, detail={"key": key.prefix})


def authenticate_key(*, text: str, address: str, now: datetime) -> ApiClient | None:
    """The client with this key, or None if it is not valid from `address`. One query, none for malformed text."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    at = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [at(now - USED_EVERY), match[1], at(now)])
        row = cursor.fetchone()
    is_right = hmac.compare_digest(row[1] if row else _NO_DIGEST, _digest(text))
    if row is None or not is_right or not _may_come_from(json.loads(row[5]), address):
        return None
    key_id, _stored, customer_id, email, is_read_only, _networks, is_due = row
    if is_due:
        ApiKey.objects.filter(pk=key_id).update(last_used_at=now)
    return ApiClient(key_id=key_id, customer_id=customer_id, email=email, is_read_only=bool(is_read_only))


def active_keys(*, customer: User, now: datetime) -> QuerySet[ApiKey]:
    """The customer's keys that have not expired, newest first."""
    return _active(now).filter(customer=customer).order_by("-pk")


def read_networks(texts: Sequence[str]) -> list[str]:
    """Parse and normalize IP addresses and networks. Raises ApiKeyError for invalid ones."""
    found = []
    for text in texts:
        if not text.strip():
            continue
        try:
            found.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError:
            message = _("“%(text)s” is not an IP address. Enter one per line, such as 203.0.113.7 or 203.0.113.0/24.")
            raise ApiKeyError(message % {"text": text.strip()[:60]}) from None
    if len(found) > MAX_NETWORKS:
        raise ApiKeyError(_("Enter up to %(max)d IP addresses.") % {"max": MAX_NETWORKS})
    return list(dict.fromkeys(found))


def _active(now: datetime) -> QuerySet[ApiKey]:
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
