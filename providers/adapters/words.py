"""The words of the protocol in all their spellings. Each table is the only place that knows its words. Pure."""

import re
from functools import lru_cache
from typing import Literal

from providers.adapters.base import RefillWord, StatusWord
from providers.adapters.texts import one_line

RAW_LENGTH = 100

STATUS_WORDS: dict[str, StatusWord] = {
    "0": StatusWord.PENDING,
    "1": StatusWord.PROCESSING,
    "2": StatusWord.COMPLETED,
    "3": StatusWord.PARTIAL,
    "4": StatusWord.CANCELED,
    "5": StatusWord.CANCELED,
    "pending": StatusWord.PENDING,
    "awaiting": StatusWord.PENDING,
    "process": StatusWord.PROCESSING,
    "processing": StatusWord.PROCESSING,
    "inprogress": StatusWord.IN_PROGRESS,
    "active": StatusWord.IN_PROGRESS,
    "complete": StatusWord.COMPLETED,
    "completed": StatusWord.COMPLETED,
    "partial": StatusWord.PARTIAL,
    "cancel": StatusWord.CANCELED,
    "canceled": StatusWord.CANCELED,
    "cancelled": StatusWord.CANCELED,
    "refunded": StatusWord.CANCELED,
    "refunds": StatusWord.CANCELED,
    "paused": StatusWord.PAUSED,
    "expired": StatusWord.EXPIRED,
    "error": StatusWord.FAILED,
    "fail": StatusWord.FAILED,
    "failed": StatusWord.FAILED,
    "rejected": StatusWord.FAILED,
}

REFILL_WORDS: dict[str, RefillWord] = {
    "pending": RefillWord.PENDING,
    "awaiting": RefillWord.PENDING,
    "inprogress": RefillWord.IN_PROGRESS,
    "completed": RefillWord.COMPLETED,
    "rejected": RefillWord.REJECTED,
    "canceled": RefillWord.REJECTED,
    "cancelled": RefillWord.REJECTED,
    "error": RefillWord.REJECTED,
}

SERVICE_TYPES = (
    "Default",
    "Package",
    "SEO",
    "Custom Comments",
    "Custom Comments Package",
    "Mentions",
    "Mentions with Hashtags",
    "Mentions Custom List",
    "Mentions Hashtag",
    "Mentions User Followers",
    "Mentions Media Likers",
    "Comment Likes",
    "Comment Replies",
    "Poll",
    "Invites from Groups",
    "Subscriptions",
    "Web Traffic",
)
_OTHER_SPELLINGS = {"mentionsusersfollowers": "Mentions User Followers", "subscription": "Subscriptions"}

ErrorClass = Literal["key", "funds", "link_busy", "service_gone", "busy", "order"]

ERROR_TEXTS: tuple[tuple[ErrorClass, re.Pattern[str]], ...] = (
    (
        "key",
        re.compile(
            r"\b(invalid|incorrect|wrong|inactive|bad) (api )?key\b"
            r"|\bapi key (is )?(invalid|incorrect|wrong|inactive)\b"
            r"|\b(invalid|incorrect|inactive)_(api_)?key\b|\bkey may only read\b"
            r"|user_inactive|\baccount (is )?(suspended|inactive)\b"
        ),
    ),
    (
        "funds",
        re.compile(r"not enough (funds|balance)|not_enough_funds|insufficient[ _](funds|balance)|\blow balance\b"),
    ),
    ("link_busy", re.compile(r"active order with this link|link_duplicate|wait until order being completed")),
    (
        "service_gone",
        re.compile(
            r"\b(incorrect|invalid|disabled|inactive) service\b|incorrect_service_id|service_inactive"
            r"|\bservice (is )?(not found|inactive|disabled)\b"
        ),
    ),
    ("busy", re.compile(r"too many requests|too_many_requests|\brate limit\b|\bmaintenance\b")),
    (
        "order",
        re.compile(
            r"\b(bad|incorrect|invalid) link\b|\bquantity (is )?(less|more) than\b|\b(incorrect|invalid) quantity\b"
            r"|^incorrect request\b|neworder\.error\."
        ),
    ),
)
"""What known error texts say. The first that matches decides; a text that none matches is not understood."""


_BETWEEN = re.compile(r"(?<=[^\W\d_])[\s_\-]+(?=[^\W\d_])")


def fold(word: str) -> str:
    """`word` without its case, and without spaces, underscores and hyphens between letters: "-4" is not "4"."""
    return _BETWEEN.sub("", word.strip().casefold())


_TYPES = {fold(name): name for name in SERVICE_TYPES} | _OTHER_SPELLINGS


def raw_word(value: object) -> str:
    """What a provider wrote where a word belongs, as plain text; empty when it is neither text nor a whole number."""
    if isinstance(value, str):
        return one_line(value, length=RAW_LENGTH)
    return str(value) if isinstance(value, int) and abs(value) < 10**18 else ""


def status_word(value: object) -> tuple[StatusWord, str]:
    """An order's status and the raw word beside it; UNKNOWN for every word that the table does not hold."""
    raw = raw_word(value)
    return STATUS_WORDS.get(fold(raw), StatusWord.UNKNOWN), raw


def refill_word(value: object) -> tuple[RefillWord, str]:
    """A refill's status and the raw word beside it."""
    raw = raw_word(value)
    return REFILL_WORDS.get(fold(raw), RefillWord.UNKNOWN), raw


@lru_cache(maxsize=256)
def service_type(raw: str) -> str:
    """The document's word for a service type, or "" when we do not know it."""
    return _TYPES.get(fold(raw), "")


def error_class(text: str) -> ErrorClass | None:
    """What a provider's error text says, or None when we do not know the text."""
    folded = " ".join(text.casefold().split())
    return next((name for name, pattern in ERROR_TEXTS if pattern.search(folded)), None)
