"""Texts that a stranger may send us, and what an answer must not make of them. Used by tests/test_hostile_text.py."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

MARKUP = (
    "<script>evil()</script>",
    "<img src=x onerror=evil()>",
    "<svg/onload=evil()>",
    '"><a href="javascript:evil()">x</a>',
    "' onmouseover='evil()",
    "</title></textarea></style><iframe srcdoc=evil>",
    "<x-evil style=position:fixed>",
    "&lt;script&gt;evil()&lt;/script&gt;",
    "<a href=data:text/html,evil>x</a>",
    "<!--<meta http-equiv=refresh content=0;url=//evil.example>",
)
TEMPLATES = ("{{7919*7927}}", "{% debug %}", "${7919*7927}", "#{7919*7927}", "%(evil)s{0.__class__}%s%n")
COMPUTED = "62773913"
"""What a template engine that takes one of them for its own would make of it."""
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", '=HYPERLINK("http://evil.example")', "\uff1d1+1")
LINES = ("a\r\nSet-Cookie: evil=1", "a\nBcc: evil@evil.example", "a\x0bb\x0cc", 'a\n{"level":"info","event":"evil"}')
DIRECTIONS = (
    "\u202egnp.exe",
    "\u2066a\u2069\u200f\u200e",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\ufeffa\u200bb",
)
CONTROLS = ("a\x00b", "\x1b[31mred\x1b[0m\x1b]0;evil\x07", "\x7f\x80\x9b2J", "\ufffe\uffff")
SURROGATES = ("\ud800", "a\udfffb")
LONG = ("A" * 10_000, "\u0301" * 5_000, "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 500)
EMOJI = ("\U0001f600\U0001f1e7\U0001f1f7", "\U0001f469\U0001f3fd\u200d\U0001f4bb")
DATABASE = ("' OR '1'='1", "'; DROP TABLE orders_order;--", "%_\\", '"; SELECT pg_sleep(9);--')
PATHS = ("../../../../etc/passwd", "..\\..\\win.ini", "/etc/passwd%00.png", "file:///etc/passwd", "//evil.example/x")

CORPUS = (*MARKUP, *TEMPLATES, *FORMULAS, *LINES, *DIRECTIONS, *CONTROLS, *LONG, *EMOJI, *DATABASE, *PATHS)
"""All but lone surrogates, which only JSON can carry."""
KEPT = (*MARKUP, *TEMPLATES, *FORMULAS, *EMOJI, *DATABASE, *PATHS, LINES[1], DIRECTIONS[0], CONTROLS[1], LONG[0])
"""What a text column takes on every database."""
SCHEMES = {"", "http", "https", "mailto"}
LINKS = {"href", "src", "action", "formaction", "srcdoc", "data", "poster", "xlink:href", "hx-get", "hx-post"}


class _Reader(HTMLParser):
    """Collects what a browser would run, or would be led to by."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script" and ("type", "application/json") not in attrs  # data, not run
        if tag in {"iframe", "object", "embed", "x-evil", "base"}:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.found.append(f"<{tag} {name}={value}>")
            if name in LINKS and _scheme(value or "") not in SCHEMES:
                self.found.append(f"<{tag} {name}={value}>")

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.found.append(f"<script>{data}")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def _scheme(value: str) -> str:
    try:
        return urlsplit(value.strip()).scheme
    except ValueError:
        return ""


UNWANTED = set("\x00\x07\x0b\x0c\r\x1b\x7f\x80\x9b\u200e\u200f\u202e\u2066\u2069\ufeff\ufffe\uffff")
"""What no text of a provider's keeps: controls, and what turns the direction of reading."""


def live_parts(page: str) -> list[str]:
    """What in the page would act by itself or lead to a scheme that is no page: [] where all of it is inert."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    computed = ["a template was computed"] * (COMPUTED in page)
    return [*reader.found, *computed]


def text_for(length: int, start: int) -> str:
    """So many of the texts that a column takes as fit into `length`, beginning with the one in place `start`."""
    found = ""
    for place in range(len(KEPT)):
        one = KEPT[(start + place) % len(KEPT)]
        if len(found) + len(one) <= length:
            found += one
    return found or KEPT[start % len(KEPT)][:length]
