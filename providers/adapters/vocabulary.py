"""The words of the protocol in all their spellings. Each table is the only place that knows its words. Pure."""

import re
from functools import lru_cache
from typing import Literal

from providers.adapters.base import ReportedRefillStatus, ReportedStatus
from providers.adapters.texts import one_line

RAW_LENGTH = 100

STATUSES: dict[str, ReportedStatus] = {
    "0": ReportedStatus.PENDING,
    "1": ReportedStatus.PROCESSING,
    "2": ReportedStatus.COMPLETED,
    "3": ReportedStatus.PARTIAL,
    "4": ReportedStatus.CANCELED,
    "5": ReportedStatus.CANCELED,
    "pending": ReportedStatus.PENDING,
    "awaiting": ReportedStatus.PENDING,
    "process": ReportedStatus.PROCESSING,
    "processing": ReportedStatus.PROCESSING,
    "inprogress": ReportedStatus.IN_PROGRESS,
    "active": ReportedStatus.IN_PROGRESS,
    "complete": ReportedStatus.COMPLETED,
    "completed": ReportedStatus.COMPLETED,
    "partial": ReportedStatus.PARTIAL,
    "cancel": ReportedStatus.CANCELED,
    "canceled": ReportedStatus.CANCELED,
    "cancelled": ReportedStatus.CANCELED,
    "refunded": ReportedStatus.CANCELED,
    "refunds": ReportedStatus.CANCELED,
    "paused": ReportedStatus.PAUSED,
    "expired": ReportedStatus.EXPIRED,
    "error": ReportedStatus.FAILED,
    "fail": ReportedStatus.FAILED,
    "failed": ReportedStatus.FAILED,
    "rejected": ReportedStatus.FAILED,
}

REFILL_STATUSES: dict[str, ReportedRefillStatus] = {
    "pending": ReportedRefillStatus.PENDING,
    "awaiting": ReportedRefillStatus.PENDING,
    "inprogress": ReportedRefillStatus.IN_PROGRESS,
    "completed": ReportedRefillStatus.COMPLETED,
    "rejected": ReportedRefillStatus.REJECTED,
    "canceled": ReportedRefillStatus.REJECTED,
    "cancelled": ReportedRefillStatus.REJECTED,
    "error": ReportedRefillStatus.REJECTED,
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


def normalize(word: str) -> str:
    """`word` without its case, and without spaces, underscores and hyphens between letters: "-4" is not "4"."""
    return _BETWEEN.sub("", word.strip().casefold())


_TYPES = {normalize(name): name for name in SERVICE_TYPES} | _OTHER_SPELLINGS


def raw_text(value: object) -> str:
    """What a provider wrote where a word belongs, as plain text; empty when it is neither text nor a whole number."""
    if isinstance(value, str):
        return one_line(value, length=RAW_LENGTH)
    return str(value) if isinstance(value, int) and abs(value) < 10**18 else ""


def parse_status(value: object) -> tuple[ReportedStatus, str]:
    """An order's status and the raw word beside it; UNKNOWN for every word that the table does not hold."""
    raw = raw_text(value)
    return STATUSES.get(normalize(raw), ReportedStatus.UNKNOWN), raw


def parse_refill_status(value: object) -> tuple[ReportedRefillStatus, str]:
    """A refill's status and the raw word beside it."""
    raw = raw_text(value)
    return REFILL_STATUSES.get(normalize(raw), ReportedRefillStatus.UNKNOWN), raw


@lru_cache(maxsize=256)
def service_type(raw: str) -> str:
    """The document's word for a service type, or "" when we do not know it."""
    return _TYPES.get(normalize(raw), "")


def classify_error(text: str) -> ErrorClass | None:
    """What a provider's error text says, or None when we do not know the text."""
    folded = " ".join(text.casefold().split())
    return next((name for name, pattern in ERROR_TEXTS if pattern.search(folded)), None)
