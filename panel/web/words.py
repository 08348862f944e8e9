"""What people wrote into an address or a form that has no form class: cut, trimmed, and fit to be stored."""

from django.http import HttpRequest, QueryDict

LONGEST_REASON = 250


def read_words(sent: QueryDict, name: str, *, longest: int) -> str:
    """The words under `name`, at most `longest`, without what no text of ours can hold: PostgreSQL takes no NUL."""
    return sent.get(name, "").replace("\x00", "").strip()[:longest]


def read_reason(request: HttpRequest, *, longest: int = LONGEST_REASON) -> str:
    """Why staff do what they post, which is kept with it; empty where they did not say."""
    return read_words(request.POST, "reason", longest=longest)
