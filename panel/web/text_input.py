"""What people wrote into an address or a form that has no form class: cut, trimmed, and fit to be stored."""

from datetime import UTC, datetime

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

MAX_REASON_LENGTH = 250
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def read_text(sent: QueryDict, name: str, *, max_length: int) -> str:
    """The words under `name`, at most `max_length`, without what no text of ours can hold: PostgreSQL takes no NUL."""
    return sent.get(name, "").replace("\x00", "").strip()[:max_length]


def read_reason(request: HttpRequest, *, max_length: int = MAX_REASON_LENGTH) -> str:
    """Why staff do what they post, which is kept with it; empty where they did not say."""
    return read_text(request.POST, "reason", max_length=max_length)


def read_seen_at(request: HttpRequest) -> datetime:
    """When the list was read that staff act on; long ago where the form does not say, so that nothing goes unseen."""
    try:
        seen = parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        seen = None
    return seen if seen is not None and timezone.is_aware(seen) else LONG_AGO
