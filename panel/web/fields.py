"""One form field as the page shows it: our classes on its widget, and its help and errors tied to it."""

import re
from typing import Any

from django.forms import BoundField, CheckboxInput, HiddenInput, RadioSelect, Select
from django.forms.widgets import CheckboxSelectMultiple, NumberInput, PasswordInput


def field_context(bound: BoundField, *, label: str = "", help_text: str = "") -> dict[str, Any]:
    """What components/field.html needs to show `bound`."""
    widget = bound.field.widget
    help_shown = help_text or bound.help_text
    name = bound.auto_id or bound.html_name
    described = [f"{name}_help"] * bool(help_shown) + [f"{name}_error"] * bool(bound.errors)
    attrs: dict[str, Any] = {"class": " ".join(filter(None, [widget.attrs.get("class", ""), _css(widget)]))}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if _repeats(widget.attrs.get("placeholder", ""), str(label or bound.label)):
        attrs["placeholder"] = ""
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=attrs),
        "name": name,
        "label": label or bound.label,
        "help": help_shown,
        "is_hidden": isinstance(widget, HiddenInput),
        "is_check": isinstance(widget, CheckboxInput),
        "is_group": isinstance(widget, RadioSelect | CheckboxSelectMultiple),
        "is_password": isinstance(widget, PasswordInput),
        "is_optional": not bound.field.required and not isinstance(widget, CheckboxInput | Select),
    }


def _css(widget: Any) -> str:
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple | HiddenInput):
        return ""
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    if isinstance(widget, Select):
        return "form-select"
    return "form-control is-number" if isinstance(widget, NumberInput) else "form-control"


def _repeats(placeholder: str, label: str) -> bool:
    """Whether a placeholder says no more than the label above the field."""
    words = re.compile(r"[^\W_]+")
    return bool(placeholder) and set(words.findall(str(placeholder).lower())) <= {
        *words.findall(label.lower()),
        "email",
        "address",
    }
