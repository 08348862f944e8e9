"""A password is not the shop's own name with something around it. One of Django's password validators."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError

from panel.customers.models import User

LEAST_LEFT = 6
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
"""What every shop of this kind would be guessed by, beside its own name and host."""
SHORTEST_WORD = 3


def guessable_words() -> set[str]:
    """The words in lower case that do not count in a password."""
    own = re.findall(r"[^\W_]+", f"{settings.SITE_NAME} {settings.SITE_URL}".lower())
    return {word for word in (*WORDS, *own) if len(word) >= SHORTEST_WORD}


class GuessableWordsValidator:
    """Refuses a password of which too little is left without the words that everybody would try first."""

    def validate(self, password: str, user: User | None = None) -> None:
        left = password.lower()
        for word in sorted(guessable_words(), key=len, reverse=True):
            left = left.replace(word, "")
        if left != password.lower() and len(left) < LEAST_LEFT:
            raise ValidationError("The password is mostly words that anybody would try here first.", code="guessable")

    def get_help_text(self) -> str:
        return "Not made of the name of this site and the like."
