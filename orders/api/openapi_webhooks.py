"""The webhook messages in the OpenAPI specification. Pure; the webhook page has the same information as text."""

from collections.abc import Mapping
from typing import Any

MESSAGE: Mapping[str, Any] = {
    "event": "order.changed",
    "at": "2026-11-24T14:00:00Z",
    "order": 23501,
    "charge": "0.27819",
    "start_count": "3572",
    "status": "Partial",
    "remains": "157",
    "currency": "USD",
    "sequence": 4711,
}
HEADERS = {
    "webhook-id": "The message ID. A message that arrives twice has the same ID.",
    "webhook-timestamp": "When it was sent, in seconds since 1970. Reject messages older than five minutes.",
    "webhook-signature": "v1, a comma, and the base64 of an HMAC-SHA-256 of id.timestamp.body keyed with the secret.",
}
SEQUENCE = (
    "Rises with every change of an order or a refill. Keep the highest number you have seen for each, and skip "
    "messages with a number that is not higher."
)


def webhooks() -> dict[str, Any]:
    """The webhooks part of the specification."""
    return {
        "changed": {
            "post": {
                "summary": "An order or a refill has changed",
                "parameters": [
                    {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
                    for name, text in HEADERS.items()
                ],
                "requestBody": {"content": {"application/json": {"schema": _schema(), "example": dict(MESSAGE)}}},
                "responses": {"2XX": {"description": "Accepted. Any other status is retried."}},
            }
        }
    }


def _schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["event", "at", "sequence"],
        "properties": {
            "event": {"type": "string", "enum": ["order.changed", "refill.changed", "test"]},
            "at": {"type": "string", "format": "date-time", "description": "When it changed."},
            "order": {"type": "integer"},
            "refill": {"type": "integer", "description": "Only in refill messages."},
            "sequence": {"type": "integer", "description": SEQUENCE},
            **{name: {"type": ["string", "null"]} for name in ("charge", "start_count", "status", "remains")},
            "currency": {"type": "string"},
        },
    }
