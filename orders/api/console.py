"""The forms of the API's page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.api.actions import ACTIONS
from panel.customers.keys import MAX_NAME_LENGTH


class KeyForm(forms.Form):
    """A new key. panel.customers.keys checks the values."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        label=_("Name"),
        help_text=_("A name to recognize the key by, such as the name of your app."),
    )
    is_read_only = forms.BooleanField(
        required=False,
        label=_("Read-only"),
        help_text=_("Can view services, orders and the balance, but can't place orders."),
    )
    networks = forms.CharField(
        required=False,
        max_length=1000,
        label=_("Allowed IP addresses"),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "placeholder": "203.0.113.7"}),
        help_text=_("One per line. Leave empty to allow any IP address."),
    )

    def key_options(self) -> dict[str, Any]:
        """The options of the key, for `issue_key`."""
        return {
            "name": self.cleaned_data["name"],
            "is_read_only": self.cleaned_data["is_read_only"],
            "allowed_networks": self.cleaned_data["networks"].splitlines(),
        }


class RepeatForm(forms.Form):
    """The duplicate protection: within how many seconds identical orders count as one."""

    seconds = forms.IntegerField(
        min_value=0,
        max_value=3600,
        label=_("Duplicate window (seconds)"),
        help_text=_("0 to 3,600. With 0, every call of add places a new order."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class ConsoleForm(forms.Form):
    """A read-only API call."""

    action = forms.ChoiceField(choices=[(name, name) for name, action in ACTIONS.items() if not action.changes])
    ids = forms.CharField(
        required=False,
        max_length=2000,
        label=_("IDs"),
        help_text=_("Order IDs for status, refill IDs for refill_status. Separate them with commas."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def params(self) -> dict[str, str]:
        """The parameters of the call."""
        action, ids = self.cleaned_data["action"], self.cleaned_data["ids"].replace(" ", "")
        name = {"status": "order", "refill_status": "refill"}.get(action)
        if name is None:
            return {"action": action}
        return {"action": action, f"{name}s" if "," in ids else name: ids}
