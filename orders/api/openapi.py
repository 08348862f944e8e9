"""The documentation of the API: one table for its page and for its OpenAPI specification. Pure.

The examples follow the published protocol; tests/orders/api compares the responses with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop as _

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
    """A parameter beside key and action."""

    name: str
    text: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the documentation: one kind of call with an example response."""

    title: str
    action: str
    parameters: Sequence[Parameter]
    answer: Any
    note: str = ""

    @property
    def slug(self) -> str:
        return self.title.lower().replace(" ", "-")


_IDEMPOTENCY_KEY = Parameter(
    "idempotency_key",
    _("A unique key of your choice. A repeated call with the same key returns the first order"),
    is_optional=True,
)

SECTIONS: Sequence[Section] = (
    Section(
        _("Service list"),
        "services",
        (),
        [SERVICE],
        _("The rate is your price per 1,000, or per package for package types."),
    ),
    Section(
        _("Add order"),
        "add",
        (
            Parameter("service", _("Service ID")),
            Parameter("link", _("Link to the page")),
            Parameter("quantity", _("Quantity")),
            Parameter("runs", _("Number of runs, for drip-feed"), is_optional=True),
            Parameter("interval", _("Minutes between runs"), is_optional=True),
            _IDEMPOTENCY_KEY,
        ),
        {"order": 23501},
        _(
            "Other service types need other parameters: see Service types. The idempotency key may also be the "
            "header Idempotency-Key; a key in the body wins over the header."
        ),
    ),
    Section(_("Order status"), "status", (Parameter("order", _("Order ID")),), ONE_STATUS),
    Section(
        _("Multiple orders status"),
        "status",
        (Parameter("orders", _("Order IDs, separated by commas, up to 100")),),
        {"1": ONE_STATUS, "10": {"error": "Incorrect order ID"}, "100": OTHER_STATUS},
    ),
    Section(_("Create refill"), "refill", (Parameter("order", _("Order ID")),), {"refill": "1"}),
    Section(
        _("Create multiple refills"),
        "refill",
        (Parameter("orders", _("Order IDs, separated by commas, up to 100")),),
        [{"order": 1, "refill": 1}, {"order": 2, "refill": {"error": "Incorrect order ID"}}],
    ),
    Section(_("Refill status"), "refill_status", (Parameter("refill", _("Refill ID")),), {"status": "Completed"}),
    Section(
        _("Multiple refills status"),
        "refill_status",
        (Parameter("refills", _("Refill IDs, separated by commas, up to 100")),),
        [{"refill": 1, "status": "Completed"}, {"refill": 3, "status": {"error": "Refill not found"}}],
    ),
    Section(
        _("Cancel orders"),
        "cancel",
        (Parameter("orders", _("Order IDs, separated by commas, up to 100")),),
        [{"order": 9, "cancel": {"error": "Incorrect order ID"}}, {"order": 2, "cancel": 1}],
        _("1 means that the cancellation was requested. The status shows whether the order was canceled and refunded."),
    ),
    Section(_("Balance"), "balance", (), {"balance": "100.84292", "currency": "USD"}),
)

ERRORS: Mapping[str, str] = {
    "Invalid API key": _("The key doesn't exist, has expired, or isn't allowed from your IP address."),
    "Account suspended": _("Your account is suspended and can't place orders. Contact support."),
    "Incorrect request": _("The action or a parameter is missing or invalid."),
    "Incorrect service ID": _("The service doesn't exist or isn't available."),
    "Bad link": _("The link is missing or invalid."),
    "Quantity less than minimal N": _("N is the minimum quantity of the service."),
    "Quantity more than maximum N": _("N is the maximum quantity of the service."),
    "Not enough funds on balance": _("Your balance is too low. No order was placed."),
    "This idempotency key was used for another order": _("No order was placed. Use a new key for each order."),
    "Incorrect order ID": _("Your account has no order with this ID."),
    "Refill not found": _("Your account has no refill with this ID."),
    "This API key may only read": _("This API key is read-only. Use a key that can place orders."),
    "Too many requests": _("Sent with HTTP status 429. Wait the number of seconds in the Retry-After header."),
}


@dataclass(frozen=True, slots=True)
class TypeRow:
    """The parameters of a service type beside the service."""

    name: str
    required: Sequence[str]
    optional: Sequence[str]
    lines: Sequence[str]


def types() -> list[TypeRow]:
    """Every service type, from the table that orders are validated by."""
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
    """The OpenAPI 3.1 specification of the endpoint. `url` is the site's, without a slash at its end."""
    examples = {section.slug: {"summary": section.title, "value": section.answer} for section in SECTIONS}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{title} API", "version": "2"},
        "servers": [{"url": url}],
        "paths": {
            "/api/v2": {
                "post": {
                    "operationId": "call",
                    "summary": "All actions, selected by the parameter action",
                    "requestBody": {
                        "required": True,
                        "content": {
                            kind: {"schema": {"$ref": "#/components/schemas/Call"}}
                            for kind in ("application/x-www-form-urlencoded", "application/json")
                        },
                    },
                    "responses": {
                        "200": {
                            "description": "The response, or an object with the member error",
                            "content": {"application/json": {"schema": {}, "examples": examples}},
                        },
                        "429": {
                            "description": "Too many requests. Wait the number of seconds in the Retry-After header.",
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
    descriptions = {parameter.name: parameter.text for section in SECTIONS for parameter in section.parameters}
    for kind in SERVICE_TYPES.values():
        for field in kind.fields:
            descriptions.setdefault(field.name, field.label)
    actions = list(dict.fromkeys(section.action for section in SECTIONS))
    return {
        "type": "object",
        "required": ["key", "action"],
        "properties": {
            "key": {"type": "string", "description": "Your API key"},
            "action": {"type": "string", "enum": actions},
            **{name: {"type": ["string", "integer"], "description": text} for name, text in descriptions.items()},
        },
    }


def _error_schema() -> dict[str, Any]:
    return {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}


def _is_lines(field: Field) -> bool:
    return field.shape == Shape.LINES
