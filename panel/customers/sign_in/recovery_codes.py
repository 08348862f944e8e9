"""Recovery codes: each replaces the code of the authenticator app once. Shown when created, stored as digests.

A code has 120 random bits. Only the HMAC-SHA-256 of the code and its owner under API_PEPPER is stored; a slow hash
would not protect it better. Older codes of eight digits work until they are used or replaced.
"""

import hmac
import logging
import re
import secrets
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from panel.customers.models import RecoveryCode, User
from panel.ops import audit
from panel.web.mail import compose_email, prefixed

log = logging.getLogger(__name__)

APP_DIGITS = 6
CODES = 10
LENGTH = 24
GROUP = 4
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32, without letters that look alike. I, L and O are read as 1, 1 and 0."""

_READ_AS = str.maketrans("ILO", "110")
_SEPARATORS = re.compile(r"[\s-]+")


def make_recovery_codes(*, authenticator: Authenticator) -> list[str]:
    """Create ten codes, in groups, which can be shown only now; earlier codes stop working."""
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
    """Use up the code and return its authenticator; None if it is not an unused code of the user."""
    mine = RecoveryCode.objects.filter(authenticator__user=user)
    code = mine.filter(digest=code_digest(text, user_id=user.pk)).select_related("authenticator").first()
    if code is None or not RecoveryCode.objects.unused().filter(pk=code.pk).update(used_at=now):
        return None
    authenticator: Authenticator = code.authenticator
    return authenticator


def notify_of_used_code(*, user: User) -> None:
    """Log the use and email the user. The sign-in continues if the email cannot be sent."""
    left = codes_left(user=user)
    log.info("recovery code used", extra={"customer": user.pk, "left": left})
    text = ngettext(
        "Someone used a recovery code to sign in to your account. You have %(left)d code left.",
        "Someone used a recovery code to sign in to your account. You have %(left)d codes left.",
        left,
    )
    email = compose_email(
        subject=prefixed(_("A recovery code was used")),
        paragraphs=[
            text % {"left": left},
            _("If this wasn't you, change your password and create new recovery codes."),
        ],
        to=[user.email],
        url=f"{settings.SITE_URL}/accounts/2fa/",
    )
    try:
        email.send()
    except OSError:
        log.warning("mail not sent", exc_info=True, extra={"customer": user.pk})


def codes_left(*, user: User) -> int:
    """How many of the user's codes are unused."""
    return RecoveryCode.objects.unused().filter(authenticator__user=user).count()


def is_recovery_code(text: str) -> bool:
    """Whether this is as long as a recovery code. Codes of authenticator apps are shorter."""
    return len(_SEPARATORS.sub("", text)) > APP_DIGITS


def code_digest(text: str, *, user_id: int) -> str:
    """The digest of a code, regardless of how its letters and groups were typed."""
    code = _SEPARATORS.sub("", text).upper().translate(_READ_AS)
    message = f"recovery code:{user_id}:{code}".encode(errors="surrogatepass")
    return hmac.new(settings.API_PEPPER.encode(), message, "sha256").hexdigest()
