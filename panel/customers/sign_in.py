"""What allauth asks us at the ways in: a log line for each sign-in, second factors sealed at rest. Named in settings.

No line holds what was typed: an address that failed is told by a digest, so that tries for one account can be counted.
"""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from panel.customers.models import User
from panel.lib import crypto
from panel.lib.secret import Secret
from panel.web.access import SIGNED_IN_AT

log = logging.getLogger(__name__)

PLACE = "mfa:authenticator:data"
SEALED = "v1."


class SignInAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth is not typed
    """Writes a line for each sign-in, failed one, sign-out and new password, and notes in the session when it began."""

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        typed = str(credentials.get("email", "")).lower()
        account = salted_hmac("panel.customers.sign_in", typed, algorithm="sha256").hexdigest()[:12]
        log.warning("sign-in failed", extra={"account": account, "address": self.get_client_ip(request)})

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        request.session[SIGNED_IN_AT] = timezone.now().timestamp()
        factors = [record["method"] for record in get_authentication_records(request, user)]
        address = self.get_client_ip(request)
        log.info("signed in", extra={"customer": user.pk, "factors": ",".join(factors), "address": address})
        response: HttpResponse = super().post_login(request, user, **details)
        return response

    def logout(self, request: HttpRequest) -> None:
        log.info("signed out", extra={"customer": request.user.pk})
        super().logout(request)

    def set_password(self, user: User, password: str) -> None:
        super().set_password(user, password)
        log.info("password set", extra={"customer": user.pk})


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth is not typed
    """Seals what second factors are checked against under DATA_KEYS; what was kept open before is still read."""

    def encrypt(self, text: str) -> str:
        return crypto.seal(Secret(text), place=PLACE, keys=settings.DATA_KEYS)

    def decrypt(self, encrypted_text: str) -> str:
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        return crypto.unseal(encrypted_text, place=PLACE, keys=settings.DATA_KEYS).reveal()


class _Told:
    """A wrong code is a line of the log."""

    user: User

    def clean_code(self) -> Any:
        try:
            return super().clean_code()  # type: ignore[misc] # of the form that it is mixed into
        except ValidationError:
            log.warning("second factor failed", extra={"customer": self.user.pk})
            raise


class SecondFactorForm(_Told, AuthenticateForm):  # type: ignore[misc] # allauth is not typed
    """The code at the sign-in."""


class ConfirmForm(_Told, ReauthenticateForm):  # type: ignore[misc] # as above
    """The code of who is signed in and confirms that it is they."""
