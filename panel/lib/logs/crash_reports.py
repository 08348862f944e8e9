"""Unforeseen errors, sent to Sentry where SENTRY_DSN is set; the settings import this only then.

What is sent: the kind and text of an error, the places in the code, the pattern of the address, and what its log line
would carry. No person, request, header, cookie, variable, argument or earlier event; texts are cleaned of whatever
looks like a key.
"""

import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration
from structlog.contextvars import get_contextvars

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

MASK = "••••"
MAX_TEXT_LENGTH = 2000
_KEY = re.compile(r"(?=[A-Za-z_+/=-]*\d)(?=[\d_+/=-]*[A-Za-z])(?:[\w+/=-]{40,}|[\w+=-]{20,})", re.ASCII)
"""What may be a key, a token or a hash: long, with letters and digits. A path is one only where it is very long."""
_ADDRESS = re.compile(r"[^\s@<>()\"'=,;]+@[^\s@<>()\"',;]+")
_SAID = ("event_id", "timestamp", "platform", "level", "logger", "transaction", "release", "environment", "server_name")
"""What is sent as it is, beside the error itself."""


def report_crashes(*, dsn: str, release: str, environment: str, secrets: Iterable[str]) -> None:
    """From now on, in this process and those forked from it. `secrets` are masked wherever they stand in a text."""
    known = sorted({one for one in secrets if len(one) >= 8}, key=len, reverse=True)

    def before_send(event: "Event", hint: "Hint") -> "Event":
        return cleaned(event, known)

    sentry_sdk.init(
        dsn=dsn,
        release=release,
        environment=environment,
        before_send=before_send,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        default_integrations=False,  # among them are those that keep addresses and command lines
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(middleware_spans=False),
            CeleryIntegration(propagate_traces=False, monitor_beat_tasks=False),
            LoggingIntegration(level=None, event_level=logging.ERROR),
            ExcepthookIntegration(),
            ThreadingIntegration(propagate_scope=False),
            AtexitIntegration(callback=lambda pending, timeout: None),
            DedupeIntegration(),
        ],
    )


def cleaned(event: "Event", known: Iterable[str]) -> "Event":
    """What may leave of an event."""
    found: dict[str, Any] = {name: value for name, value in event.items() if name in _SAID}
    found["exception"] = {"values": [_error(one, known) for one in _values(event)]}
    entry = cast("dict[str, Any]", event.get("logentry") or {})
    if text := entry.get("message"):  # with its parameters left out
        found["logentry"] = {"message": clean_text(str(text), known)}
    found["tags"] = {name: str(value) for name, value in get_contextvars().items()}
    numbers = {name: value for name, value in (event.get("extra") or {}).items() if isinstance(value, int)}
    return cast("Event", {**found, "extra": numbers})


def clean_text(text: str, known: Iterable[str]) -> str:
    """`text` without secrets that are known, and without what looks like a key or an e-mail address."""
    for secret in known:
        text = text.replace(secret, MASK)
    return _ADDRESS.sub(MASK, _KEY.sub(MASK, text))[:MAX_TEXT_LENGTH]


def _values(event: "Event") -> list[dict[str, Any]]:
    return (event.get("exception") or {}).get("values") or []


def _error(error: dict[str, Any], known: Iterable[str]) -> dict[str, Any]:
    kept = {name: error[name] for name in ("type", "module", "mechanism", "stacktrace") if error.get(name)}
    for frame in kept.get("stacktrace", {}).get("frames", []):
        frame.pop("vars", None)
    return {**kept, "value": clean_text(str(error.get("value") or ""), known)}
