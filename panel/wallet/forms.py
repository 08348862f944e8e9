"""The forms for adding money: the customer's wish, and what staff decide about it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from panel.lib.money import AmountError, parse_amount, plain
from panel.wallet.deposits.pictures import LARGEST
from panel.wallet.gateways.base import BadAskError
from panel.wallet.models import PaymentMethod

TOO_LARGE = "The picture is too large: at most 5 MB."


class AmountText(forms.CharField):
    """An exact amount in plain digits."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "is-number"}
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Decimal:
        text: str = super().clean(value)
        try:
            return parse_amount(text)
        except AmountError as error:
            raise forms.ValidationError(str(error)) from None


class TopUpForm(forms.Form):
    """What a customer says to have paid. The rest is for panel.wallet.deposits.deposits to judge."""

    method = forms.TypedChoiceField(coerce=int, label="Paid by", widget=forms.RadioSelect)
    amount = AmountText(label="Amount")
    reference = forms.CharField(
        max_length=200, label="Reference", help_text="What stands on your payment: its number, or your name."
    )
    picture = forms.FileField(
        required=False,
        label="Picture of the payment",
        help_text="PNG, JPEG or WebP, up to 5 MB.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    token = forms.RegexField(
        r"^[0-9a-f]{32}\Z",
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "This page was out of date. Send it again."),
    )

    def __init__(self, *args: Any, methods: Sequence[PaymentMethod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["method"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(method.pk, method.name) for method in methods]
        if len(methods) == 1:
            field.initial = methods[0].pk

    def clean_picture(self) -> bytes:
        """The file's content; a larger one is not read."""
        found = self.cleaned_data["picture"]
        if found is None:
            return b""
        if found.size > LARGEST:
            raise forms.ValidationError(TOO_LARGE)
        return bytes(found.read())

    def refuse(self, problem: BadAskError) -> None:
        """Put the problem beside its field; one of no field is said of the form as a whole."""
        self.add_error(problem.field or None, str(problem))


class DecisionForm(forms.Form):
    """What staff found: the amount that really came, or why nothing is credited."""

    amount = AmountText(label="Amount that came", required=True)
    note = forms.CharField(
        max_length=300,
        required=False,
        label="Note to the customer",
        help_text="Needed when you refuse. The customer reads it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @classmethod
    def blank(cls, amount: Decimal) -> "DecisionForm":
        return cls(initial={"amount": plain(amount)})
