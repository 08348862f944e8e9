"""What is searched for by an address. Called by every list that has a search."""

from django.http import QueryDict


def read_search(query: QueryDict, *, longest: int) -> str:
    """The words under `q`, cut to `longest`, without what no text of ours can hold: PostgreSQL takes no NUL."""
    return query.get("q", "").replace("\x00", "").strip()[:longest]
