"""The order form: the fields that a service's type has, shown by Django, judged by orders.rules.service_types alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from orders.placing.validation import OrderLimits, Problem
from orders.rules.idempotency import MAX_TOKEN_LENGTH, form_token
from orders.rules.service_types import Field, Shape

OUT_OF_DATE = _lazy("This page was out of date. Review your order, then place it again.")


class WordsField(forms.CharField):
    """Text as the customer wrote it. orders.rules.service_types judges it, so nothing is refused here."""

    def validate(self, value: Any) -> None:
        """Anything goes, and nothing too: `required` only says whether the page calls the field optional."""


class OrderForm(forms.Form):
    """A form for one service. `token` makes a resent form harmless, `seen_rate` is the rate that the page showed."""

    use_required_attribute = False

    token = forms.CharField(
        max_length=MAX_TOKEN_LENGTH,
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        error_messages={"required": OUT_OF_DATE},
    )
    seen_rate = forms.DecimalField(
        required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}), min_value=0, max_digits=18
    )

    def __init__(
        self, *, limits: OrderLimits, data: Mapping[str, Any] | None = None, initial: Mapping[str, Any]
    ) -> None:
        super().__init__(data=data, initial=dict(initial))
        for field in limits.fields:
            self.fields[field.name] = _shown(field, limits)

    @property
    def params(self) -> dict[str, str]:
        """What the customer wrote, for orders.rules.service_types to read."""
        return {name: self.data.get(name, "") for name, field in self.fields.items() if isinstance(field, WordsField)}

    def clean_token(self) -> str:
        """Refuses a token that no page of ours has given."""
        token = form_token(self.cleaned_data["token"])
        if token is None:
            raise forms.ValidationError(OUT_OF_DATE)
        return token

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Put each problem beside its field; what has no field here is said of the form as a whole."""
        for problem in problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.text)


def _shown(field: Field, limits: OrderLimits) -> WordsField:
    attrs = {"data-order-field": "", "autocomplete": "off"}
    if field.when is not None:
        attrs |= {"data-when": field.when[0], "data-when-is": field.when[1]}
    return WordsField(
        label=_(field.label),
        required=field.is_required,
        help_text=_help(field, limits),
        widget=_widget(field, attrs),
        strip=False,
    )


def _widget(field: Field, attrs: dict[str, str]) -> forms.Widget:
    match field.shape:
        case Shape.LINK:
            return forms.URLInput(attrs=attrs | {"placeholder": "https://", "spellcheck": "false", "inputmode": "url"})
        case Shape.COUNT:
            return forms.TextInput(attrs=attrs | {"inputmode": "numeric", "class": "is-number"})
        case Shape.LINES:
            return forms.Textarea(attrs=attrs | {"rows": "6", "data-lines": _("Lines: %s")})
        case Shape.CHOICE:
            return forms.Select(
                attrs=attrs, choices=[("", _("Select")), *((value, _(label)) for value, label in field.choices)]
            )
        case Shape.DATE:
            return forms.DateInput(attrs=attrs | {"type": "date"})
        case Shape.COUNTRY:
            return forms.TextInput(attrs=attrs | {"maxlength": "2", "autocapitalize": "characters"})
    return forms.TextInput(attrs=attrs | {"spellcheck": "false", "autocapitalize": "none"})


def _help(field: Field, limits: OrderLimits) -> str:
    numbers = {"min": f"{limits.min:,}", "max": f"{limits.max:,}"}
    if limits.service_type.is_subscription and field.name in {"min", "max"}:
        return _("%(min)s to %(max)s") % numbers
    if field.name == limits.service_type.counts and not limits.service_type.is_subscription:
        return (_("%(min)s to %(max)s lines") if field.shape == Shape.LINES else _("%(min)s to %(max)s")) % numbers
    return _(field.help) if field.help else ""
