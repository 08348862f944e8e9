"""Refuses passwords made of the shop's name and similar words. A Django password validator."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from panel.customers.models import User

MIN_REMAINING = 6
WORDS = (
    "panel",
    "reseller",
    "smm",
    "admin",
    "staff",
    "password",
    "followers",
    "likes",
    "instagram",
    "tiktok",
    "youtube",
)
"""Common guesses for a shop of this kind, besides its own name and host."""
MIN_WORD_LENGTH = 3


def guessable_words() -> set[str]:
    """The words, in lower case, that do not count toward a password's length."""
    own = re.findall(r"[^\W_]+", f"{settings.SITE_NAME} {settings.SITE_URL}".lower())
    return {word for word in (*WORDS, *own) if len(word) >= MIN_WORD_LENGTH}


class GuessableWordsValidator:
    """Refuses a password that is too short without the guessable words."""

    def validate(self, password: str, user: User | None = None) -> None:
        left = password.lower()
        for word in sorted(guessable_words(), key=len, reverse=True):
            left = left.replace(word, "")
        if left != password.lower() and len(left) < MIN_REMAINING:
            raise ValidationError(
                _("This password is too easy to guess. Avoid this site's name and similar words."), code="guessable"
            )

    def get_help_text(self) -> str:
        return _("Your password can't be based on this site's name.")
