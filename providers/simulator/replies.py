"""What goes back over the wire, and in which manner: whole, never, dropped, cut off or drop by drop."""

import json
from dataclasses import dataclass
from typing import Any, Literal

Manner = Literal["whole", "hang", "reset", "cut", "drip"]
JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"
MAINTENANCE_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Just a moment…</title></head>\n"
    "<body><h1>We will be back soon</h1><p>The site is under maintenance.</p></body></html>\n"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """`hang` sends nothing, `reset` breaks the connection, `cut` closes half way, `drip` sends a byte now and then."""

    body: bytes = b""
    status: int = 200
    content_type: str = JSON_TYPE
    manner: Manner = "whole"
    headers: tuple[tuple[str, str], ...] = ()


def say(value: Any, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """An answer in JSON."""
    return Reply(body=encode(value), status=status, headers=headers)


def page(status: int = 200) -> Reply:
    """An HTML page, as a proxy or a maintenance mode puts in the way."""
    return Reply(body=MAINTENANCE_PAGE.encode(), status=status, content_type=HTML_TYPE)


def encode(value: Any) -> bytes:
    """JSON as PHP writes it: no spaces, everything beyond ASCII escaped."""
    return json.dumps(value, separators=(",", ":")).encode()
