"""The forms of the account page and of the sign-in."""

import zoneinfo
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm, LoginForm
from allauth.account.models import EmailAddress
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from panel.customers.emails import ascii_email
from panel.customers.models import User


def time_zones() -> list[tuple[str, Any]]:
    """All time zones of this machine, with the browser's own as the first choice."""
    names = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return [("", _("The browser's time zone")), ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


def time_zone_field() -> forms.ChoiceField:
    """The field for an account's time zone, for all forms that have one."""
    return forms.ChoiceField(
        choices=time_zones, required=False, label=_("Time zone"), help_text=_("Times are shown in this time zone.")
    )


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """The profile: what a customer can change without confirming who they are."""

    time_zone = time_zone_field()

    class Meta:
        model = User
        fields = ["name", "time_zone"]
        help_texts = {"name": _("Shown in the account menu.")}


class SignInForm(LoginForm):  # type: ignore[misc] # allauth is not typed
    """Accepts an email with an international domain as it was typed at sign-up."""

    def clean_login(self) -> str:
        typed: str = super().clean_login()
        if typed.isascii() or EmailAddress.objects.filter(email=typed.lower()).exists():  # kept so by earlier versions
            return typed
        try:
            return ascii_email(typed)
        except ValidationError:  # nobody has such an address: the answer is that of any wrong one
            return typed


class OwnEmailForm(AddEmailForm):  # type: ignore[misc] # allauth is not typed
    """Adds an email to an account. Where emails are not verified, it must not belong to another account."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if app_settings.EMAIL_VERIFICATION == app_settings.EmailVerificationMethod.MANDATORY:
            return email
        others = EmailAddress.objects.filter(email=email).exclude(user=self.user)
        if others.exists() or User.objects.filter(email=email).exclude(pk=self.user.pk).exists():
            raise get_adapter().validation_error("email_taken")
        return email
