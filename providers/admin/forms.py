"""The admin's form of a provider. The API key is write-only, and must be entered again for another host."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

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
    """A provider with a write-only `key`. Staff who may not see URL and key cannot change them."""

    relies_on: ClassVar[Mapping[str, tuple[str, ...]]] = {"key": ("url", "sealed_key")}
    """The key belongs to a URL, so it is saved only for the URL that the person saw."""

    url = forms.URLField(label=_lazy("API URL"), max_length=MAX_URL_LENGTH, assume_scheme="https")
    key = forms.CharField(
        label=_lazy("API key"),
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
            "is_active": _lazy("When off, its services are not for sale, no orders are sent, and its orders wait.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "key" not in self.fields:
            return
        key = self.fields["key"]
        if self.instance._state.adding:
            key.required = True
        elif self.instance.key_hint:
            key.help_text = _("Stored encrypted (ends in %(hint)s). Leave empty to keep it.") % {
                "hint": self.instance.key_hint
            }
        else:
            key.help_text = _("Stored encrypted. Leave empty to keep it.")

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
            raise forms.ValidationError(_("Enter a valid name."))
        return name

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).strip().upper()
        if not CURRENCY.fullmatch(currency):
            raise forms.ValidationError(_("Enter a currency code, for example USD."))
        return currency

    def clean_exchange_rate(self) -> Decimal:
        rate: Decimal = self.cleaned_data["exchange_rate"]
        if not 0 < rate <= MAX_EXCHANGE_RATE:
            raise forms.ValidationError(
                _("The exchange rate must be above 0 and at most %(max)s.") % {"max": f"{MAX_EXCHANGE_RATE:,}"}
            )
        return rate

    def clean_probing(self) -> str:
        probing: str = self.cleaned_data["probing"]
        if probing == Provider.Probing.ADOPT and not self.instance.may_adopt:
            counts = {"right": self.instance.probes_right, "wrong": self.instance.probes_wrong}
            text = _(
                "Staff must first confirm %(needed)s suggestions and overrule none. "
                "So far %(right)s were confirmed and %(wrong)s overruled."
            )
            raise forms.ValidationError(text % {"needed": PROBES_TO_TRUST, **counts})
        return probing

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"].strip()
        if not re.fullmatch("[!-~]*", key):
            raise forms.ValidationError(_("The API key contains invalid characters."))
        return key

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        old, new = self.instance.url, cleaned.get("url")
        if self.instance.pk and old and new and _origin(old) != _origin(new) and not cleaned.get("key"):
            self.add_error("key", _("You changed the host. Enter the API key again."))
        return cleaned

    def new_key(self) -> Secret | None:
        """The entered key, or None."""
        text = self.cleaned_data.get("key", "")
        return Secret(text) if text else None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
