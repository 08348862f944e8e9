"""Text from providers, made fit to keep and show: no HTML, no control characters, no tricks of direction. Pure."""

import html
import json
import re
from dataclasses import fields, is_dataclass, replace
from typing import Any
from urllib.parse import quote_plus

import nh3

from panel.lib.secret import Secret

EXCERPT_LENGTH = 500
ERROR_LENGTH = 200
MIN_MASKED_LENGTH = 6
"""A shorter key is as good as none, and masking it would spoil answers that merely hold the same few letters."""

_MAX_READ = 20_000
_DOTS = "****"
# Controls, direction marks and overrides, invisible separators, surrogates, noncharacters. Zero width joiners stay:
# emoji and Persian are written with them.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]{0,200}>", re.IGNORECASE)
_TAG_START = re.compile(r"<+(?=[A-Za-z/!?])")


def one_line(text: str, *, length: int) -> str:
    """`text` as plain text on one line, cut to `length`."""
    return " ".join(_plain(text).split())[:length].rstrip()


def many_lines(text: str, *, length: int) -> str:
    """`text` as plain text that keeps its lines, without more than one empty line in a row, cut to `length`."""
    lines = [" ".join(line.split()) for line in _plain(text).splitlines()]
    joined = "\n".join(lines).strip()
    if "\n\n\n" in joined:
        joined = re.sub(r"\n{3,}", "\n\n", joined)
    return joined[:length].rstrip()


def _plain(text: str) -> str:
    text = text[:_MAX_READ]
    if not text.isprintable():
        text = _UNWANTED.sub("", text)
    if "<" in text or "&" in text:
        # What the entities spell may be markup again: "&lt;b&gt;". Unfolded last, it is only text, and no tag is left.
        text = nh3.clean(_BREAKS.sub("\n", html.unescape(text)), tags=set())
        text = _TAG_START.sub("", _UNWANTED.sub("", html.unescape(text)))
    return text


class Mask:
    """Takes a provider's key out of what the provider sent back."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def text(self, text: str) -> str:
        """`text` with dots for the key, in any of the ways it may be written."""
        for written in self._spellings():
            text = text.replace(written, _DOTS)
        return text

    def body(self, body: bytes) -> bytes:
        """`body` with dots for the key."""
        for written in self._spellings():
            body = body.replace(written.encode(), _DOTS.encode())
        return body

    def value(self, found: Any) -> Any:
        """`found` with dots for the key in every text it holds: what was read may spell it where the body did not."""
        if isinstance(found, str):
            masked = self.text(found)
            return found if masked == found else masked
        if isinstance(found, dict):
            return {name: self.value(one) for name, one in found.items()}
        if is_dataclass(found) and not isinstance(found, type):
            texts = {one.name: getattr(found, one.name) for one in fields(found)}
            return replace(found, **{name: self.value(text) for name, text in texts.items() if isinstance(text, str)})
        return found

    def _spellings(self) -> list[str]:
        key = self._key.reveal()
        if len(key) < MIN_MASKED_LENGTH:
            return []
        ways = {key, quote_plus(key), html.escape(key), json.dumps(key)[1:-1], key.replace("/", "\\/")}
        return sorted(ways, key=len, reverse=True)

    def excerpt(self, body: bytes) -> str:
        """The beginning of `body` as it came, tags and all, without control characters and without the key."""
        text = body[: 16 * EXCERPT_LENGTH].decode("utf-8", errors="replace")
        return self.text(" ".join(_UNWANTED.sub("", text).split()))[:EXCERPT_LENGTH]
