"""The forms of the account page."""

import zoneinfo

from django import forms

from panel.customers.models import User


def time_zones() -> list[tuple[str, str]]:
    """Every zone that this machine knows, the browser's own first."""
    names = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return [("", "The browser's own"), ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


def time_zone_field() -> forms.ChoiceField:
    """For every form in which an account's time zone is chosen."""
    return forms.ChoiceField(choices=time_zones, required=False, help_text="Exact times are written in this time zone.")


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a customer may change about itself without proving anything."""

    time_zone = time_zone_field()

    class Meta:
        model = User
        fields = ["name", "time_zone"]
        help_texts = {"name": "How the panel greets you."}
