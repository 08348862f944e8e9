"""What allauth asks us at the ways in: a log line for each sign-in, second factors sealed at rest. Named in settings.

No line holds what was typed: an address that failed is logged as a digest, so that tries for an account can be counted.
"""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from panel.customers.emails import ascii_email
from panel.customers.models import User
from panel.customers.sign_in.known_devices import PROVEN, account_digest, known_device, remember_device
from panel.customers.sign_in.recovery_codes import is_recovery_code, notify_of_used_code, use_recovery_code
from panel.lib import crypto
from panel.lib.secret import Secret
from panel.web.access import SIGNED_IN_AT
from panel.web.mail import compose_email
from panel.web.rate_limit import Limit, may_pass, take, used

log = logging.getLogger(__name__)

STRANGERS = Limit("failed-sign-ins", 20, 3600)
"""Failed sign-ins to an account from devices that it does not know; beyond that such tries have to wait their turn."""
TRY_LATER = _("Too many failed sign-ins to this account. Wait a minute and try again, or reset your password.")
MAIL_LINKS = ("activate_url", "password_reset_url", "signup_url")
"""The links of emails, by their names in the context of allauth's templates."""
PLACE = "mfa:authenticator:data"
SEALED = "v1."


def backoff_after(failures: int) -> int:
    """How many seconds lie between two tries of strangers after so many failures within the hour."""
    if failures < STRANGERS.count:
        return 0
    return 5 if failures < 5 * STRANGERS.count else 30


class SignInAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth is not typed
    """Writes a line for each sign-in, failed one, sign-out and new password, and notes in the session when it began.

    Wrong passwords are counted for an account and the client's address together, and apart for each device that has
    signed in to it before: a stranger who guesses closes the account to nobody else, but slows other strangers down.
    """

    def clean_email(self, email: str) -> str:
        return ascii_email(super().clean_email(email))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        email = str(credentials.get("email", ""))
        if not known_device(request, email=email):
            account = account_digest(email)
            pause = backoff_after(used(STRANGERS, who=account))
            if pause and not may_pass("sign-in", who=account, every_seconds=pause):
                raise ValidationError(TRY_LATER, code="slowed_down")
        super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        email = str(credentials.get("email", ""))
        account = account_digest(email)
        if not known_device(request, email=email):
            take(STRANGERS, who=account)
        log.warning("sign-in failed", extra={"account": account, "address": self.get_client_ip(request)})

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        email = str(credentials.get("email", ""))
        return f"{account_digest(email)}:{known_device(request, email=email) or self.get_client_ip(request)}"

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMultiAlternatives:
        """The email of allauth's text templates, with an HTML part. Its link is the one that the context has."""
        plain = super().render_mail(template_prefix, email, context | {"SITE_NAME": settings.SITE_NAME}, headers)
        return compose_email(
            subject=plain.subject,
            paragraphs=str(plain.body).split("\n\n"),
            to=plain.to,
            url=next((context[name] for name in MAIL_LINKS if context.get(name)), ""),
            headers=headers,
        )

    def send_account_already_exists_mail(self, email: str) -> None:
        """Takes as long as making an account: the time does not tell whether there is one."""
        make_password(email)
        super().send_account_already_exists_mail(email)

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        request.session[SIGNED_IN_AT] = timezone.now().timestamp()
        factors = [record["method"] for record in get_authentication_records(request, user)]
        address = self.get_client_ip(request)
        log.info("signed in", extra={"customer": user.pk, "factors": ",".join(factors), "address": address})
        response: HttpResponse = super().post_login(request, user, **details)
        remember_device(request, response, email=user.email)
        return response

    def logout(self, request: HttpRequest) -> None:
        log.info("signed out", extra={"customer": request.user.pk})
        super().logout(request)

    def set_password(self, user: User, password: str) -> None:
        """Whoever may set a new password, as through the mailbox, may sign in with it at once in this browser.

        Not by every address of the account: one that was never confirmed may be another account's.
        """
        super().set_password(user, password)
        if self.request is not None:
            confirmed = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
            self.request.session[PROVEN] = sorted({account_digest(email) for email in (user.email, *confirmed)})
        log.info("password set", extra={"customer": user.pk})


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth is not typed
    """Seals what second factors are checked against under DATA_KEYS; what was kept open before is still read."""

    def encrypt(self, text: str) -> str:
        return crypto.seal(Secret(text), place=PLACE, keys=settings.DATA_KEYS)

    def decrypt(self, encrypted_text: str) -> str:
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        return crypto.unseal(encrypted_text, place=PLACE, keys=settings.DATA_KEYS).reveal()


class _CodeForm:
    """Takes recovery codes as well. A wrong code is a line of the log, and a used recovery code one and a mail."""

    user: User
    authenticator: Authenticator
    cleaned_data: dict[str, Any]

    def clean_code(self) -> Any:
        try:
            if is_recovery_code(self.cleaned_data["code"]):
                return self._clean_recovery_code()
            return super().clean_code()  # type: ignore[misc] # of the form that it is mixed into
        except ValidationError:
            log.warning("second factor failed", extra={"customer": self.user.pk})
            raise

    def _clean_recovery_code(self) -> str:
        """The code, used up; the limit on wrong codes is the one of the app's."""
        forget_failures = check_rate_limit(self.user)
        code: str = self.cleaned_data["code"]
        authenticator = use_recovery_code(user=self.user, text=code, now=timezone.now())
        if authenticator is None:
            raise get_adapter().validation_error("incorrect_code")
        forget_failures()
        self.authenticator = authenticator
        notify_of_used_code(user=self.user)
        return code


class SecondFactorForm(_CodeForm, AuthenticateForm):  # type: ignore[misc] # allauth is not typed
    """The code at the sign-in."""


class ConfirmForm(_CodeForm, ReauthenticateForm):  # type: ignore[misc] # as above
    """The code of who is signed in and confirms that it is they."""
