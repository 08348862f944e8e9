"""Recovery codes: each stands in once for the code of the authenticator app. Shown when they are made, kept as digests.

A code has 120 random bits. Kept is the HMAC-SHA-256 of the code and its owner under API_PEPPER; a slow hash would
protect nothing more. Codes of eight digits, made before, work until they are used or replaced.
"""

import hmac
import logging
import re
import secrets
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _

from panel.customers.models import RecoveryCode, User
from panel.ops import audit

log = logging.getLogger(__name__)

APP_DIGITS = 6
CODES = 10
LENGTH = 24
GROUP = 4
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: none of them is mistaken for another, and I, L and O are read as what they look like."""

_READ_AS = str.maketrans("ILO", "110")
_SEPARATORS = re.compile(r"[\s-]+")


def make_recovery_codes(*, authenticator: Authenticator) -> list[str]:
    """Ten new codes, in groups, to be shown now or never; the ones made before work no more."""
    user: User = authenticator.user
    codes = ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(CODES)]
    with transaction.atomic():
        Authenticator.objects.select_for_update().get(pk=authenticator.pk)  # of two at once, the later one's remain
        RecoveryCode.objects.filter(authenticator=authenticator).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(authenticator=authenticator, digest=code_digest(code, user_id=user.pk)) for code in codes
        )
        audit.record(actor=user.email, action="recovery_codes.make", target=f"user:{user.pk}")
    return ["-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP)) for code in codes]


def use_recovery_code(*, user: User, text: str, now: datetime) -> Authenticator | None:
    """The second factor that the code stands for; None where it is no unused code of the user's. It is used up."""
    mine = RecoveryCode.objects.filter(authenticator__user=user)
    code = mine.filter(digest=code_digest(text, user_id=user.pk)).select_related("authenticator").first()
    if code is None or not RecoveryCode.objects.unused().filter(pk=code.pk).update(used_at=now):
        return None
    authenticator: Authenticator = code.authenticator
    return authenticator


def notify_of_used_code(*, user: User) -> None:
    """A line of the log, and a mail to the user: the sign-in goes on where it cannot be sent."""
    left = codes_left(user=user)
    log.info("recovery code used", extra={"customer": user.pk, "left": left})
    text = _(
        "A recovery code was used in place of the code of your authenticator app. Recovery codes left: %(left)s. "
        "If this was not you, change your password and make new recovery codes."
    ) % {"left": left}
    subject = f"[{settings.SITE_NAME}] {_('A recovery code was used')}"
    try:
        send_mail(subject, f"{text}\n\n{settings.SITE_URL}/accounts/2fa/", None, [user.email])
    except OSError:
        log.warning("mail not sent", exc_info=True, extra={"customer": user.pk})


def codes_left(*, user: User) -> int:
    """How many of the user's codes are unused."""
    return RecoveryCode.objects.unused().filter(authenticator__user=user).count()


def is_recovery_code(text: str) -> bool:
    """Whether this is as long as a recovery code; the codes of authenticator apps are shorter."""
    return len(_SEPARATORS.sub("", text)) > APP_DIGITS


def code_digest(text: str, *, user_id: int) -> str:
    """What is kept of a code, however its letters and groups were typed."""
    code = _SEPARATORS.sub("", text).upper().translate(_READ_AS)
    message = f"recovery code:{user_id}:{code}".encode(errors="surrogatepass")
    return hmac.new(settings.API_PEPPER.encode(), message, "sha256").hexdigest()
