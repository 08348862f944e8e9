"""The messages of webhooks as OpenAPI describes them. Pure; the page of the webhook says the same in words."""

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
    "webhook-id": "The message's number. A message that comes twice has the same one.",
    "webhook-timestamp": "When it was sent, in seconds since 1970. Refuse what is older than five minutes.",
    "webhook-signature": "v1, a comma, and base64 of HMAC-SHA-256 of id.timestamp.body under the secret's bytes.",
}
SEQUENCE = (
    "Rises with every change of an order or a refill. Keep the highest number that you have seen of each, and skip a "
    "message whose number is not higher."
)


def webhooks() -> dict[str, Any]:
    """The document's part about webhooks."""
    return {
        "changed": {
            "post": {
                "summary": "An order or a refill has changed",
                "parameters": [
                    {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
                    for name, text in HEADERS.items()
                ],
                "requestBody": {"content": {"application/json": {"schema": _schema(), "example": dict(MESSAGE)}}},
                "responses": {"2XX": {"description": "Taken. Everything else is sent again."}},
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
            "refill": {"type": "integer", "description": "Only of a refill."},
            "sequence": {"type": "integer", "description": SEQUENCE},
            **{name: {"type": ["string", "null"]} for name in ("charge", "start_count", "status", "remains")},
            "currency": {"type": "string"},
        },
    }
