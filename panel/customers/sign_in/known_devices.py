"""Devices that have signed in to an account before: their tries are counted apart from everybody else's.

A signed cookie lists the accounts, as digests of their e-mail addresses. It opens nothing: it only keeps strangers who
guess passwords from locking out the person whose account it is.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

COOKIE = "__Host-device" if settings.IS_HTTPS else "device"
SALT = "panel.customers.known_devices"
KEPT_SECONDS = 400 * 24 * 3600  # as long as browsers keep any cookie
MAX_ACCOUNTS = 10
PROVEN = "proven_account"
"""Under this name the session keeps the digests of the account for which a new password was set in it."""


def account_digest(email: str) -> str:
    """What stands for an account in logs, counters and cookies."""
    return salted_hmac("panel.customers.sign_in", email.lower(), algorithm="sha256").hexdigest()[:12]


def known_device(request: HttpRequest, *, email: str) -> str:
    """The device's own number where it has signed in to that account before; else empty."""
    account = account_digest(email)
    if account in request.session.get(PROVEN, ()):
        return f"session-{account}"
    number, accounts = _read(request.COOKIES)
    return number if account in accounts else ""


def remember_device(request: HttpRequest, response: HttpResponse, *, email: str) -> None:
    """Have `response` tell the browser that it signed in to the account."""
    number, accounts = _read(request.COOKIES)
    account = account_digest(email)
    kept = [account, *(one for one in accounts if one != account)][:MAX_ACCOUNTS]
    response.set_cookie(
        COOKIE,
        signing.dumps([number or secrets.token_hex(8), kept], salt=SALT),
        max_age=KEPT_SECONDS,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def is_known(cookies: dict[str, str]) -> bool:
    """Whether these are of a device that has signed in to any account."""
    return bool(_read(cookies)[0])


def _read(cookies: dict[str, str]) -> tuple[str, list[str]]:
    try:
        number, accounts = signing.loads(cookies.get(COOKIE, ""), salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return "", []
    return number, accounts
