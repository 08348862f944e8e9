"""Checks of the configuration, run before every command and before the panel serves. Registered by panel.ops."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 (Django's word)
from django.utils.translation import gettext as _

from panel.lib import crypto
from panel.lib.commands import CONFIGURATION
from panel.lib.outbound.addresses import address_problem
from panel.lib.outbound.signing import key_of
from panel.lib.secret import Secret

MIN_SECRET_LENGTH = 32
MIN_SIGNING_KEY_LENGTH = 24  # as Standard Webhooks say
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
    register(check_addresses, Tags.security, CONFIGURATION)
    register(check_secrets, Tags.security, CONFIGURATION)
    for check in (check_numbers, check_scale, check_alerts, check_reports):
        register(check, CONFIGURATION)
    register(check_mail, deploy=True)


def check_addresses(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001, E002, W001: the URL of the site and the allowed hosts."""
    return list(_address_problems())


def _address_problems() -> Iterator[CheckMessage]:
    site = urlsplit(settings.SITE_URL)
    if site.scheme not in {"http", "https"} or not site.hostname:
        yield Error(
            _("SITE_URL is not a valid URL."), hint=_("Set it like https://panel.example.com."), id="panel.E001"
        )
    elif site.scheme == "http" and site.hostname not in LOCAL_NAMES:
        yield Warning(
            _("SITE_URL uses http: passwords and sessions are sent unencrypted."),
            hint=_("Put a proxy with a TLS certificate in front and set SITE_URL to its https URL."),
            id="panel.W001",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            _("ALLOWED_HOSTS allows every host."),
            hint=_("List the hosts, or leave it unset to allow the host of SITE_URL and this machine."),
            id="panel.E002",
        )


def check_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E003, E004: secrets are long enough and data keys are valid. No message contains any of them."""
    return list(_secret_problems())


def _secret_problems() -> Iterator[CheckMessage]:
    for name in ("SECRET_KEY", "API_PEPPER"):
        if len(getattr(settings, name)) < MIN_SECRET_LENGTH:
            yield Error(
                _("%(name)s is shorter than %(length)d characters.") % {"name": name, "length": MIN_SECRET_LENGTH},
                hint=_("Leave it unset to generate one in DATA_DIR, or set a long random value."),
                id="panel.E003",
            )
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < MIN_SECRET_LENGTH:
        yield Error(
            _("%(name)s is shorter than %(length)d characters.")
            % {"name": "METRICS_TOKEN", "length": MIN_SECRET_LENGTH},
            hint=_("Leave it unset to turn the metrics page off, or set a long random value."),
            id="panel.E003",
        )
    try:
        for key in settings.DATA_KEYS or [""]:
            crypto.seal(Secret("check"), place="check", keys=[key])
    except (ValueError, IndexError, crypto.SealError):
        yield Error(
            _("DATA_KEYS has an invalid key or no key."),
            hint=_("Each key is 32 random bytes in Base64. Leave it unset to generate one in DATA_DIR."),
            id="panel.E004",
        )


def check_numbers(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E005 to E007, E011, E012: numbers that make sense, alone and together."""
    return list(_number_problems())


def _number_problems() -> Iterator[CheckMessage]:
    for name in DURATIONS:
        if getattr(settings, name) <= 0:
            yield Error(
                _("%(name)s is not above zero.") % {"name": name},
                hint=_("Leave it unset for the default."),
                id="panel.E005",
            )
    if settings.LEASE_SECONDS <= settings.ADD_DEADLINE_SECONDS:
        yield Error(
            _("LEASE_SECONDS is not above ADD_DEADLINE_SECONDS: an order could count as lost while it is being sent."),
            hint=_("Set the lease to about three times the deadline."),
            id="panel.E006",
        )
    if not re.fullmatch(r"[A-Z]{3,8}", settings.CURRENCY):
        yield Error(_("CURRENCY is not a currency code."), hint=_("Set it like USD."), id="panel.E007")
    if settings.SECOND_APPROVAL_ABOVE < 0:
        yield Error(
            _("SECOND_APPROVAL_ABOVE is below zero."), hint=_("Leave it unset or 0 to turn it off."), id="panel.E012"
        )
    if settings.REPORT_TIME_ZONE not in available_timezones():
        yield Error(_("REPORT_TIME_ZONE is not a time zone."), hint=_("Set it like Europe/Berlin."), id="panel.E011")


def check_reports(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W004: crash reports are sent encrypted."""
    dsn = urlsplit(settings.SENTRY_DSN)
    if dsn.scheme != "http" or dsn.hostname in {*LOCAL_NAMES, *settings.ALLOWED_PRIVATE_HOSTS}:
        return []
    return [
        Warning(_("SENTRY_DSN uses http: reports are sent unencrypted."), hint=_("Use its https URL."), id="panel.W004")
    ]


def check_scale(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E008, W002: the database, the broker and transactions fit together."""
    return list(_scale_problems())


def _scale_problems() -> Iterator[CheckMessage]:
    if settings.DATABASES["default"].get("ATOMIC_REQUESTS"):
        yield Error(
            _("ATOMIC_REQUESTS is on: a transaction would stay open while a provider is called."),
            hint=_("Remove it from DATABASE_URL."),
            id="panel.E008",
        )
    if settings.REDIS_URL and settings.IS_SQLITE:
        yield Warning(
            _("REDIS_URL is set but the database is SQLite: several processes would wait for each other."),
            hint=_("Set DATABASE_URL to a PostgreSQL database, or leave REDIS_URL unset."),
            id="panel.W002",
        )


def check_alerts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E009, E010: alert channels are fully configured. No message contains a token or a secret."""
    return list(_alert_problems())


def _alert_problems() -> Iterator[CheckMessage]:
    if bool(settings.ALERT_TELEGRAM_TOKEN) != bool(settings.ALERT_TELEGRAM_CHATS):
        yield Error(
            _("Only one of ALERT_TELEGRAM_TOKEN and ALERT_TELEGRAM_CHATS is set."),
            hint=_("Set both: the token of the bot and the ids of the chats."),
            id="panel.E009",
        )
    if settings.ALERT_TELEGRAM_TOKEN and not re.fullmatch(r"[0-9]+:[0-9A-Za-z_-]+", settings.ALERT_TELEGRAM_TOKEN):
        yield Error(
            _("ALERT_TELEGRAM_TOKEN is not a bot token."), hint=_("Set it like 123456:AbC-dEf."), id="panel.E009"
        )
    if bool(settings.ALERT_WEBHOOK_URL) != bool(settings.ALERT_WEBHOOK_SECRET):
        yield Error(
            _("Only one of ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET is set."),
            hint=_("Set both: the URL and the secret that signs the alerts."),
            id="panel.E010",
        )
        return
    if settings.ALERT_WEBHOOK_URL and not (_is_hook(settings.ALERT_WEBHOOK_URL) and _can_sign()):
        yield Error(
            _("ALERT_WEBHOOK_URL or ALERT_WEBHOOK_SECRET is not valid."),
            hint=_("Use an https URL, and `whsec_` followed by at least 24 random bytes in Base64."),
            id="panel.E010",
        )


def _is_hook(url: str) -> bool:
    return not address_problem(
        url, max_length=500, private_hosts=settings.ALLOWED_PRIVATE_HOSTS, example="", with_query=True
    )


def _can_sign() -> bool:
    try:
        return len(key_of(Secret(settings.ALERT_WEBHOOK_SECRET))) >= MIN_SIGNING_KEY_LENGTH
    except ValueError:
        return False


def check_mail(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W003, on deployment: without a mail server nobody can verify an email or reset a password."""
    if settings.EMAIL_URL:
        return []
    return [
        Warning(
            _("EMAIL_URL is not set: emails are saved as files in DATA_DIR, and sign-up needs no verification."),
            hint=_("Set it like smtp+tls://user:password@mail.example.com:587."),
            id="panel.W003",
        )
    ]
