"""Checks of the configuration, run before every command and before the panel serves. Registered by panel.ops."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 (Django's word)

from panel.lib import crypto
from panel.lib.outbound.addresses import address_problem
from panel.lib.outbound.signing import key_of
from panel.lib.secret import Secret

SHORTEST_SECRET = 32
SHORTEST_SIGNING_KEY = 24  # as Standard Webhooks say
LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}
DURATIONS = (
    *("SYNC_SECONDS", "POLL_SECONDS", "REFILL_SECONDS", "BALANCE_SECONDS", "SWEEP_SECONDS", "SETTLE_SECONDS"),
    "CANCEL_SECONDS",
    "WEBHOOK_SECONDS",
    "ALERT_SECONDS",
    "PROBE_SECONDS",
    "REPORT_SECONDS",
    *("CONNECTION_IDLE_SECONDS", "REQUEST_HEAD_SECONDS", "REQUEST_BODY_SECONDS", "ANSWER_STALLED_SECONDS"),
    *("REQUEST_LEAST_BYTES_PER_SECOND", "CONNECTIONS", "CONNECTIONS_FROM_ONE_ADDRESS"),
    *("LEASE_SECONDS", "ADD_DEADLINE_SECONDS", "LINK_BUSY_SECONDS", "QUEUED_LIMIT_SECONDS", "POLL_IN_FLIGHT"),
)


def register_checks() -> None:
    """Make Django run these checks with its own."""
    register(check_addresses, Tags.security)
    register(check_secrets, Tags.security)
    register(check_numbers)
    register(check_scale)
    register(check_alerts)
    register(check_reports)
    register(check_mail, deploy=True)


def check_addresses(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001, E002, W001: where the site is, and who may ask for it."""
    return list(_address_problems())


def _address_problems() -> Iterator[CheckMessage]:
    site = urlsplit(settings.SITE_URL)
    if site.scheme not in {"http", "https"} or not site.hostname:
        yield Error(
            "SITE_URL is not the address of a site.", hint="Such as https://panel.example.com.", id="panel.E001"
        )
    elif site.scheme == "http" and site.hostname not in LOCAL_NAMES:
        yield Warning(
            "SITE_URL is http: passwords and sessions travel in the open.",
            hint="Put a proxy with a certificate in front and set SITE_URL to its https address.",
            id="panel.W001",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS allows every name.",
            hint="Name the hosts, or leave it unset: then it is SITE_URL's host and this machine.",
            id="panel.E002",
        )


def check_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E003, E004: secrets are long enough and data keys can be used. No message holds any of them."""
    return list(_secret_problems())


def _secret_problems() -> Iterator[CheckMessage]:
    for name in ("SECRET_KEY", "API_PEPPER"):
        if len(getattr(settings, name)) < SHORTEST_SECRET:
            yield Error(
                f"{name} is shorter than {SHORTEST_SECRET} characters.",
                hint="Leave it unset to have one generated into DATA_DIR, or give a long random one.",
                id="panel.E003",
            )
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_SECRET:
        yield Error(
            f"METRICS_TOKEN is shorter than {SHORTEST_SECRET} characters.",
            hint="Leave it unset for no page of metrics, or give a long random one.",
            id="panel.E003",
        )
    try:
        for key in settings.DATA_KEYS or [""]:
            crypto.seal(Secret("check"), place="check", keys=[key])
    except (ValueError, IndexError, crypto.SealError):
        yield Error(
            "DATA_KEYS holds a key that cannot be used, or none.",
            hint="Each is 32 random bytes in base64; leave it unset to have one generated into DATA_DIR.",
            id="panel.E004",
        )


def check_numbers(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E005 to E007, E011, E012: numbers that make sense, alone and together."""
    return list(_number_problems())


def _number_problems() -> Iterator[CheckMessage]:
    for name in DURATIONS:
        if getattr(settings, name) <= 0:
            yield Error(f"{name} is not above zero.", hint="Leave it unset for the default.", id="panel.E005")
    if settings.LEASE_SECONDS <= settings.ADD_DEADLINE_SECONDS:
        yield Error(
            "LEASE_SECONDS is not above ADD_DEADLINE_SECONDS: an order could be taken for lost while it is being sent.",
            hint="The lease should be about three times the deadline.",
            id="panel.E006",
        )
    if not re.fullmatch(r"[A-Z]{3,8}", settings.CURRENCY):
        yield Error("CURRENCY is not a currency's code.", hint="Such as USD.", id="panel.E007")
    if settings.SECOND_APPROVAL_ABOVE < 0:
        yield Error("SECOND_APPROVAL_ABOVE is below zero.", hint="Leave it unset, or 0, for off.", id="panel.E012")
    if settings.REPORT_TIME_ZONE not in available_timezones():
        yield Error("REPORT_TIME_ZONE is not a time zone's name.", hint="Such as Europe/Berlin.", id="panel.E011")


def check_reports(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W004: reports of crashes do not travel in the open."""
    dsn = urlsplit(settings.SENTRY_DSN)
    if dsn.scheme != "http" or dsn.hostname in {*LOCAL_NAMES, *settings.ALLOWED_PRIVATE_HOSTS}:
        return []
    return [Warning("SENTRY_DSN is http: reports travel in the open.", hint="Use its https address.", id="panel.W004")]


def check_scale(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E008, W002: the database, the broker and transactions fit together."""
    return list(_scale_problems())


def _scale_problems() -> Iterator[CheckMessage]:
    if settings.DATABASES["default"].get("ATOMIC_REQUESTS"):
        yield Error(
            "ATOMIC_REQUESTS is on: a transaction would stay open while a provider is called.",
            hint="Take it out of DATABASE_URL.",
            id="panel.E008",
        )
    if settings.REDIS_URL and settings.IS_SQLITE:
        yield Warning(
            "REDIS_URL is set but the database is SQLite: several processes would wait for one another.",
            hint="Set DATABASE_URL to a PostgreSQL database, or leave REDIS_URL unset.",
            id="panel.W002",
        )


def check_alerts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E009, E010: a channel of the alerts is set whole or not at all. No message holds a token or a secret."""
    return list(_alert_problems())


def _alert_problems() -> Iterator[CheckMessage]:
    if bool(settings.ALERT_TELEGRAM_TOKEN) != bool(settings.ALERT_TELEGRAM_CHATS):
        yield Error(
            "Of ALERT_TELEGRAM_TOKEN and ALERT_TELEGRAM_CHATS only one is set.",
            hint="Alerts go to Telegram with both: the bot's token, and the numbers of its chats.",
            id="panel.E009",
        )
    if settings.ALERT_TELEGRAM_TOKEN and not re.fullmatch(r"[0-9]+:[0-9A-Za-z_-]+", settings.ALERT_TELEGRAM_TOKEN):
        yield Error("ALERT_TELEGRAM_TOKEN is no bot's token.", hint="Such as 123456:AbC-dEf.", id="panel.E009")
    if bool(settings.ALERT_WEBHOOK_URL) != bool(settings.ALERT_WEBHOOK_SECRET):
        yield Error(
            "Of ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET only one is set.",
            hint="Alerts go to a program with both: its address, and the secret that signs them.",
            id="panel.E010",
        )
        return
    if settings.ALERT_WEBHOOK_URL and not (_is_hook(settings.ALERT_WEBHOOK_URL) and _can_sign()):
        yield Error(
            "ALERT_WEBHOOK_URL or ALERT_WEBHOOK_SECRET cannot be used.",
            hint="An https address, and `whsec_` followed by at least 24 random bytes in base64.",
            id="panel.E010",
        )


def _is_hook(url: str) -> bool:
    return not address_problem(
        url, max_length=500, private_hosts=settings.ALLOWED_PRIVATE_HOSTS, example="", with_query=True
    )


def _can_sign() -> bool:
    try:
        return len(key_of(Secret(settings.ALERT_WEBHOOK_SECRET))) >= SHORTEST_SIGNING_KEY
    except ValueError:
        return False


def check_mail(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W003, on deployment: without a mail server nobody can confirm an address or reset a password."""
    if settings.EMAIL_URL:
        return []
    return [
        Warning(
            "EMAIL_URL is not set: mails are kept as files in DATA_DIR, and sign-up works without confirmation.",
            hint="Such as smtp+tls://user:password@mail.example.com:587.",
            id="panel.W003",
        )
    ]
