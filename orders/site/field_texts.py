"""What an order carries, in people's words: for its page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from orders.rules.service_types import SERVICE_TYPES, Shape

SHOWN_ELSEWHERE = frozenset({"link", "quantity", "runs", "interval"})


@dataclass(frozen=True, slots=True)
class Given:
    """One field as it was sent; `is_long` for lines, which are folded away."""

    label: str
    text: str
    is_long: bool


def given_fields(*, type_name: str, fields: Mapping[str, str]) -> list[Given]:
    """The fields that an order of the type carries beside its link and its quantity, in the form's order."""
    kind = SERVICE_TYPES.get(type_name)
    if kind is None:
        return []
    return [
        Given(
            label=field.label,
            text=dict(field.choices).get(fields[field.name], fields[field.name]),
            is_long=field.shape == Shape.LINES,
        )
        for field in kind.fields
        if field.name in fields and field.name not in SHOWN_ELSEWHERE
    ]
