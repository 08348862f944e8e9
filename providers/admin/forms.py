"""The admin's form of a provider. Its key goes in and never comes out; another host needs the key again."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from panel.lib.secret import Secret
from providers.connection.register import (
    CURRENCY,
    MAX_EXCHANGE_RATE,
    MAX_KEY_LENGTH,
    MAX_URL_LENGTH,
    RegistrationError,
    check_url,
)
from providers.models import PROBES_TO_TRUST, Provider

if TYPE_CHECKING:  # generic to the type checker alone
    ProviderModelForm = forms.ModelForm[Provider]
else:
    ProviderModelForm = forms.ModelForm


class ProviderForm(ProviderModelForm):
    """A provider with a write-only `key`. Whoever may not see url and key in it cannot change them."""

    relies_on: ClassVar[Mapping[str, tuple[str, ...]]] = {"key": ("url", "sealed_key")}
    """A key belongs to an address: it is not taken for another one than the person saw."""

    url = forms.URLField(label="API address", max_length=MAX_URL_LENGTH, assume_scheme="https")
    key = forms.CharField(
        label="API key",
        required=False,
        max_length=MAX_KEY_LENGTH,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = Provider
        fields = (
            "name", "url", "currency", "exchange_rate", "new_services", "low_margin", "is_active", "low_balance",
            "runway_hours", "drift_threshold", "hold_rise_percent", "hold_fall_percent", "hold_alike_percent",
            "probing",
        )  # fmt: skip
        help_texts = {
            "is_active": _(
                "Switched off: none of its services is for sale, nothing is sent to it, and its orders wait."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "key" not in self.fields:
            return
        key = self.fields["key"]
        if self.instance._state.adding:
            key.required = True
        elif self.instance.key_hint:
            key.help_text = f"Kept sealed; it ends in {self.instance.key_hint}. Leave it empty to keep it."
        else:
            key.help_text = "Kept sealed. Leave it empty to keep it."

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        try:
            check_url(url)
        except RegistrationError as error:
            raise forms.ValidationError(str(error)) from None
        return url

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if not name.isprintable():
            raise forms.ValidationError("A provider's name has letters that can be printed.")
        return name

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).strip().upper()
        if not CURRENCY.fullmatch(currency):
            raise forms.ValidationError("That is not a currency. Write it like USD.")
        return currency

    def clean_exchange_rate(self) -> Decimal:
        rate: Decimal = self.cleaned_data["exchange_rate"]
        if not 0 < rate <= MAX_EXCHANGE_RATE:
            raise forms.ValidationError(f"The exchange rate is above 0 and at most {MAX_EXCHANGE_RATE:,}.")
        return rate

    def clean_probing(self) -> str:
        probing: str = self.cleaned_data["probing"]
        if probing == Provider.Probing.ADOPT and not self.instance.may_adopt:
            right, wrong = self.instance.probes_right, self.instance.probes_wrong
            raise forms.ValidationError(
                f"First {PROBES_TO_TRUST} verdicts have to be shared by people and none contradicted. So far "
                f"{right} were right and {wrong} wrong."
            )
        return probing

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"].strip()
        if not re.fullmatch("[!-~]*", key):
            raise forms.ValidationError("The key holds characters that no key has.")
        return key

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        old, new = self.instance.url, cleaned.get("url")
        if self.instance.pk and old and new and _origin(old) != _origin(new) and not cleaned.get("key"):
            self.add_error("key", "The address leads to another host now: enter the key for it again.")
        return cleaned

    def new_key(self) -> Secret | None:
        """The key that was entered, or None."""
        text = self.cleaned_data.get("key", "")
        return Secret(text) if text else None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
