"""The order form: the fields that a service's type has, shown by Django, judged by orders.kinds alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from orders.kinds import Field, Offer, Problem, Shape

LONGEST_TOKEN = 64


class WordsField(forms.CharField):
    """Text as the customer wrote it. Whether it will do is for orders.kinds to say, so nothing is refused here."""

    def validate(self, value: Any) -> None:
        """Anything goes, and nothing too: `required` only says whether the page calls the field optional."""


class OrderForm(forms.Form):
    """A form for one service. `token` makes a resent form harmless, `seen_rate` is the rate that the page showed."""

    use_required_attribute = False

    token = forms.CharField(
        max_length=LONGEST_TOKEN,
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "This page was out of date. Look at your order again, then place it."},
    )
    seen_rate = forms.DecimalField(
        required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}), min_value=0, max_digits=18
    )

    def __init__(self, *, offer: Offer, data: Mapping[str, Any] | None = None, initial: Mapping[str, Any]) -> None:
        super().__init__(data=data, initial=dict(initial))
        for field in offer.fields:
            self.fields[field.name] = _shown(field, offer)

    @property
    def words(self) -> dict[str, str]:
        """What the customer wrote, for orders.kinds to read."""
        return {name: self.data.get(name, "") for name, field in self.fields.items() if isinstance(field, WordsField)}

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Put each problem beside its field; what has no field here is said of the form as a whole."""
        for problem in problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.text)


def _shown(field: Field, offer: Offer) -> WordsField:
    attrs = {"data-words": "", "autocomplete": "off"}
    help_text = field.help
    widget: forms.Widget
    match field.shape:
        case Shape.LINK:
            widget = forms.URLInput(
                attrs=attrs | {"placeholder": "https://", "spellcheck": "false", "inputmode": "url"}
            )
        case Shape.COUNT:
            widget = forms.TextInput(attrs=attrs | {"inputmode": "numeric", "class": "is-number"})
        case Shape.LINES:
            widget = forms.Textarea(attrs=attrs | {"rows": 6, "data-lines": ""})
    if field.name == offer.kind.counts:
        help_text = f"{offer.min:,} to {offer.max:,}" + (" lines" if field.shape == Shape.LINES else "")
    return WordsField(label=field.label, required=field.is_required, help_text=help_text, widget=widget, strip=False)
