"""The fields of an order as labeled rows for its page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from orders.rules.service_types import SERVICE_TYPES, Field, Shape

SHOWN_ELSEWHERE = frozenset({"link", "quantity", "runs", "interval"})


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of an order. `is_long` for multi-line values, which the page folds."""

    label: str
    text: str
    is_long: bool


def field_rows(*, type_name: str, fields: Mapping[str, str]) -> list[FieldRow]:
    """The fields of an order beside its link, quantity and drip-feed, in the order of the form."""
    service_type = SERVICE_TYPES.get(type_name)
    if service_type is None:
        return []
    return [
        FieldRow(
            label=_(field.label),
            text=_choice_label(field, fields[field.name]),
            is_long=field.shape == Shape.LINES,
        )
        for field in service_type.fields
        if field.name in fields and field.name not in SHOWN_ELSEWHERE
    ]


def _choice_label(field: Field, value: str) -> str:
    label = dict(field.choices).get(value)
    return value if label is None else _(label)
