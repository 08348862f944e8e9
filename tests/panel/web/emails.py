"""Reads the HTML part of an email."""

from typing import Any


def html_of(email: Any) -> str:
    """The only other part beside the text, which has to be HTML."""
    ((content, mimetype),) = email.alternatives
    assert mimetype == "text/html"
    return str(content)
