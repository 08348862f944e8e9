"""The forms for deposits: the customer's report of a payment, and the decision of staff."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.money import AmountError, parse_amount, plain
from panel.wallet.deposits.pictures import MAX_PICTURE_BYTES
from panel.wallet.gateways.base import InvalidDepositError
from panel.wallet.models import PaymentMethod

TOO_LARGE = _lazy("The image is too large. It can be up to 5 MB.")


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


class DepositForm(forms.Form):
    """A customer's report of a payment. panel.wallet.deposits.deposits validates the rest."""

    method = forms.TypedChoiceField(coerce=int, label=_lazy("Payment method"), widget=forms.RadioSelect)
    amount = AmountText(label=_lazy("Amount"))
    reference = forms.CharField(
        max_length=200,
        label=_lazy("Reference"),
        help_text=_lazy("The transaction number, or the name on your payment."),
    )
    picture = forms.FileField(
        required=False,
        label=_lazy("Proof of payment"),
        help_text=_lazy("PNG, JPEG or WebP, up to 5 MB."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    token = forms.RegexField(
        r"^[0-9a-f]{32}\Z",
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), _lazy("This page has expired. Submit the form again.")),
    )

    def __init__(self, *args: Any, methods: Sequence[PaymentMethod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["method"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(method.pk, method.name) for method in methods]
        if len(methods) == 1:
            field.initial = methods[0].pk

    def clean_picture(self) -> bytes:
        """The content of the file. A file that is too large is not read."""
        upload = self.cleaned_data["picture"]
        if upload is None:
            return b""
        if upload.size > MAX_PICTURE_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return bytes(upload.read())

    def refuse(self, problem: InvalidDepositError) -> None:
        """Show the problem at its field, or above the form if it has none."""
        self.add_error(problem.field or None, str(problem))


class DecisionForm(forms.Form):
    """The decision of staff: the amount received, or why the deposit is rejected."""

    amount = AmountText(label=_lazy("Amount received"), required=True)
    note = forms.CharField(
        max_length=300,
        required=False,
        label=_lazy("Note to customer"),
        help_text=_lazy("The customer sees this. Required to reject the deposit."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @classmethod
    def blank(cls, amount: Decimal) -> "DecisionForm":
        return cls(initial={"amount": plain(amount)})
