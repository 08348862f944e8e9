"""The forms of the account page and of the sign-in."""

import zoneinfo

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm, LoginForm
from allauth.account.models import EmailAddress
from django import forms
from django.core.exceptions import ValidationError

from panel.customers.emails import ascii_email
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


class SignInForm(LoginForm):  # type: ignore[misc] # allauth is not typed
    """Takes an address with an international domain as it was typed at the sign-up."""

    def clean_login(self) -> str:
        typed: str = super().clean_login()
        if typed.isascii() or EmailAddress.objects.filter(email=typed.lower()).exists():  # kept so by earlier versions
            return typed
        try:
            return ascii_email(typed)
        except ValidationError:  # nobody has such an address: the answer is that of any wrong one
            return typed


class OwnEmailForm(AddEmailForm):  # type: ignore[misc] # allauth is not typed
    """Another address for an account. Where no mail confirms it, it is nobody else's; sign-up says the same there."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if app_settings.EMAIL_VERIFICATION == app_settings.EmailVerificationMethod.MANDATORY:
            return email
        others = EmailAddress.objects.filter(email=email).exclude(user=self.user)
        if others.exists() or User.objects.filter(email=email).exclude(pk=self.user.pk).exists():
            raise get_adapter().validation_error("email_taken")
        return email
