"""The API described: one table for the page that explains it and for its OpenAPI. Pure.

The shapes are those of the protocol's published document; tests/orders/api holds the answers to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders.api.openapi_webhooks import webhooks
from orders.rules.service_types import SERVICE_TYPES, Field, Shape

ONE_STATUS = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}
OTHER_STATUS = {"charge": "1.44219", "start_count": "234", "status": "In progress", "remains": "10", "currency": "USD"}
SERVICE = {
    "service": 1,
    "name": "Followers",
    "type": "Default",
    "category": "First Category",
    "rate": "0.90",
    "min": "50",
    "max": "10000",
    "refill": True,
    "cancel": True,
    "dripfeed": True,
    "desc": "Link: the profile",
    "average_time": "1 hour 12 minutes",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter beside key and action."""

    name: str
    text: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    """One form of a call, with the answer as it is printed."""

    title: str
    action: str
    parameters: Sequence[Parameter]
    answer: Any
    note: str = ""

    @property
    def slug(self) -> str:
        return self.title.lower().replace(" ", "-")


_IDS = "IDs, separated by a comma, up to 100"
_TWICE = Parameter(
    "idempotency_key", "Any text of yours: the same order sent again with it is not ordered twice", is_optional=True
)

CHAPTERS: Sequence[Chapter] = (
    Chapter(
        "Service list",
        "services",
        (),
        [SERVICE],
        "The rate is for 1000, or for one package where the type is a package. It is what you pay.",
    ),
    Chapter(
        "Add order",
        "add",
        (
            Parameter("service", "Service ID"),
            Parameter("link", "Link to the page"),
            Parameter("quantity", "Needed quantity"),
            Parameter("runs", "Runs to deliver, for drip-feed", is_optional=True),
            Parameter("interval", "Minutes between two runs", is_optional=True),
            _TWICE,
        ),
        {"order": 23501},
        "Other types take other parameters: see the table of types. "
        "The idempotency key may also be sent as the header Idempotency-Key; where both are sent, the body's counts.",
    ),
    Chapter("Order status", "status", (Parameter("order", "Order ID"),), ONE_STATUS),
    Chapter(
        "Status of many orders",
        "status",
        (Parameter("orders", f"Order {_IDS}"),),
        {"1": ONE_STATUS, "10": {"error": "Incorrect order ID"}, "100": OTHER_STATUS},
    ),
    Chapter("Refill", "refill", (Parameter("order", "Order ID"),), {"refill": "1"}),
    Chapter(
        "Refill of many orders",
        "refill",
        (Parameter("orders", f"Order {_IDS}"),),
        [{"order": 1, "refill": 1}, {"order": 2, "refill": {"error": "Incorrect order ID"}}],
    ),
    Chapter("Refill status", "refill_status", (Parameter("refill", "Refill ID"),), {"status": "Completed"}),
    Chapter(
        "Status of many refills",
        "refill_status",
        (Parameter("refills", f"Refill {_IDS}"),),
        [{"refill": 1, "status": "Completed"}, {"refill": 3, "status": {"error": "Refill not found"}}],
    ),
    Chapter(
        "Cancel orders",
        "cancel",
        (Parameter("orders", f"Order {_IDS}"),),
        [{"order": 9, "cancel": {"error": "Incorrect order ID"}}, {"order": 2, "cancel": 1}],
        "1 says that the wish was taken. Whether it came in time, the order's status tells; money comes back with it.",
    ),
    Chapter("Balance", "balance", (), {"balance": "100.84292", "currency": "USD"}),
)

ERRORS: Mapping[str, str] = {
    "Invalid API key": "There is no such key, it has ended, or it may not be used from your address.",
    "Account suspended": "Your account is frozen: nothing new is ordered. Please contact us.",
    "Incorrect request": "The action or a parameter is missing, or makes no sense.",
    "Incorrect service ID": "The service is not for sale.",
    "Bad link": "The link is missing, or is none.",
    "Quantity less than minimal N": "N is the service's minimum.",
    "Quantity more than maximum N": "N is the service's maximum.",
    "Not enough funds on balance": "The wallet holds less than the charge. Nothing was ordered.",
    "This idempotency key was used for another order": "Nothing was ordered. Give each order a key of its own.",
    "Incorrect order ID": "You have no such order.",
    "Refill not found": "You have no such refill.",
    "This API key may only read": "Use a key that may order.",
    "Too many requests": "With HTTP status 429; the header Retry-After says how many seconds to wait.",
}


@dataclass(frozen=True, slots=True)
class TypeRow:
    """What a type of service takes beside the service."""

    name: str
    required: Sequence[str]
    optional: Sequence[str]
    lines: Sequence[str]


def types() -> list[TypeRow]:
    """Every type that is sold, from the table that orders are read by."""
    return [
        TypeRow(
            kind.name,
            [field.name for field in kind.fields if field.is_required],
            [field.name for field in kind.fields if not field.is_required],
            [field.name for field in kind.fields if _is_lines(field)],
        )
        for kind in SERVICE_TYPES.values()
    ]


def openapi(*, title: str, url: str) -> dict[str, Any]:
    """The one address as OpenAPI 3.1. `url` is the site's, without a slash at its end."""
    examples = {chapter.slug: {"summary": chapter.title, "value": chapter.answer} for chapter in CHAPTERS}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{title} API", "version": "2"},
        "servers": [{"url": url}],
        "paths": {
            "/api/v2": {
                "post": {
                    "operationId": "call",
                    "summary": "Every action, chosen by the parameter action",
                    "requestBody": {
                        "required": True,
                        "content": {
                            kind: {"schema": {"$ref": "#/components/schemas/Call"}}
                            for kind in ("application/x-www-form-urlencoded", "application/json")
                        },
                    },
                    "responses": {
                        "200": {
                            "description": "The answer, or an object with the member error",
                            "content": {"application/json": {"schema": {}, "examples": examples}},
                        },
                        "429": {
                            "description": "Too many requests; Retry-After says how many seconds to wait",
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                        },
                    },
                }
            }
        },
        "webhooks": webhooks(),
        "components": {"schemas": {"Call": _call_schema(), "Error": _error_schema()}},
    }


def _call_schema() -> dict[str, Any]:
    found = {parameter.name: parameter.text for chapter in CHAPTERS for parameter in chapter.parameters}
    for kind in SERVICE_TYPES.values():
        for field in kind.fields:
            found.setdefault(field.name, field.label)
    actions = list(dict.fromkeys(chapter.action for chapter in CHAPTERS))
    return {
        "type": "object",
        "required": ["key", "action"],
        "properties": {
            "key": {"type": "string", "description": "Your API key"},
            "action": {"type": "string", "enum": actions},
            **{name: {"type": ["string", "integer"], "description": text} for name, text in found.items()},
        },
    }


def _error_schema() -> dict[str, Any]:
    return {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}


def _is_lines(field: Field) -> bool:
    return field.shape == Shape.LINES
