"""What people wrote into an address or a form that has no form class: cut, trimmed, and fit to be stored."""

from datetime import UTC, datetime

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

LONGEST_REASON = 250
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def read_words(sent: QueryDict, name: str, *, longest: int) -> str:
    """The words under `name`, at most `longest`, without what no text of ours can hold: PostgreSQL takes no NUL."""
    return sent.get(name, "").replace("\x00", "").strip()[:longest]


def read_reason(request: HttpRequest, *, longest: int = LONGEST_REASON) -> str:
    """Why staff do what they post, which is kept with it; empty where they did not say."""
    return read_words(request.POST, "reason", longest=longest)


def read_seen_at(request: HttpRequest) -> datetime:
    """When the list was read that staff act on; long ago where the form does not say, so that nothing goes unseen."""
    try:
        seen = parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        seen = None
    return seen if seen is not None and timezone.is_aware(seen) else LONG_AGO
