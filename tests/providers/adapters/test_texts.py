"""What is kept of a provider's text, and that its key is not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panel.lib.secret import Secret
from providers.adapters.texts import Mask, many_lines, one_line

BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|<[A-Za-z/!?]")
PIECES = [
    "<",
    ">",
    "&lt;",
    "&gt;",
    "&amp;",
    "&#60;",
    "script",
    "/b",
    "!--",
    "&#x202e;",
    "a",
    " ",
    "\n",
    "\x00",
    "\u202e",
    "<br>",
]


@settings(deadline=None, database=None)
@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from(PIECES)).map("".join), st.text(st.characters(categories=["Cs", "Cc", "L"]))
    )
)
def test_whatever_comes_is_plain_text(text: str) -> None:
    for kept in (one_line(text, length=300), many_lines(text, length=300)):
        assert not BAD.search(kept)
        assert len(kept) <= 300
        assert kept == kept.strip()
        kept.encode()
    assert "\n" not in one_line(text, length=300)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("One<br>Two<br/>Three</p><p>Four", "One\nTwo\nThree\nFour"),
        ("One\r\n\r\n\r\n\r\nTwo", "One\n\nTwo"),
        ("  a   b \n c ", "a b\nc"),
        ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
    ],
)
def test_lines(text: str, kept: str) -> None:
    assert many_lines(text, length=300) == kept


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("abcdef123", "abcdef123"),
        ("abc/def+1", "abc\\/def+1"),
        ("abc/def+1", "abc%2Fdef%2B1"),
        ("abc<def&1", "abc&lt;def&amp;1"),
        ('abc"def\\1', 'abc\\"def\\\\1'),
    ],
)
def test_the_key_is_masked_however_it_is_written(key: str, written: str) -> None:
    mask = Mask(Secret(key))
    assert mask.text(f"no {written}!") == "no ****!"
    assert mask.body(f"no {written}!".encode()) == b"no ****!"
    assert mask.excerpt(f"no {written}\n\x00 yes".encode()) == "no **** yes"
    assert key not in repr(mask)


def test_an_excerpt_never_shows_half_a_key() -> None:
    assert Mask(Secret("K" * 40)).excerpt(b"x" * 490 + b"K" * 40 + b"y") == "x" * 490 + "****" + "y"


def test_a_key_as_short_as_a_word_is_left() -> None:
    assert Mask(Secret("1")).text("100") == "100"
