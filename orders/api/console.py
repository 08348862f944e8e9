"""The forms of the API's page."""

from typing import Any

from django import forms

from orders.api.actions import ACTIONS
from panel.customers.keys import MAX_NAME_LENGTH


class KeyForm(forms.Form):
    """A new key. What makes no sense is told by panel.customers.keys."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH, label="Name", help_text="What you know it by: the program's name."
    )
    is_read_only = forms.BooleanField(
        required=False, label="May only read", help_text="It sees services, orders and the balance; it cannot order."
    )
    networks = forms.CharField(
        required=False,
        max_length=1000,
        label="Only from these addresses",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "placeholder": "203.0.113.7"}),
        help_text="One a line; leave it empty to allow all.",
    )

    def given(self) -> dict[str, Any]:
        """What `issue_key` takes."""
        return {
            "name": self.cleaned_data["name"],
            "is_read_only": self.cleaned_data["is_read_only"],
            "allowed_networks": self.cleaned_data["networks"].splitlines(),
        }


class RepeatForm(forms.Form):
    """Within how many seconds the same order is a repetition of the first."""

    seconds = forms.IntegerField(
        min_value=0,
        max_value=3600,
        label="Seconds",
        help_text="Up to 3,600. With 0 every call of add is an order of its own.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class ConsoleForm(forms.Form):
    """A call that only reads."""

    action = forms.ChoiceField(choices=[(name, name) for name, action in ACTIONS.items() if not action.changes])
    ids = forms.CharField(
        required=False,
        max_length=2000,
        label="IDs",
        help_text="Of orders for status, of refills for refill_status; several with commas.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def words(self) -> dict[str, str]:
        """The parameters of the call."""
        action, ids = self.cleaned_data["action"], self.cleaned_data["ids"].replace(" ", "")
        name = {"status": "order", "refill_status": "refill"}.get(action)
        if name is None:
            return {"action": action}
        return {"action": action, f"{name}s" if "," in ids else name: ids}
