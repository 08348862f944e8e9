"""The colours of the site keep WCAG 2.2 AA, in light and in dark."""

import re

import pytest

from tests.panel.web.tokens import SHEET, colours, contrast

GROUNDS = ("canvas", "surface", "sunken", "hover")
STATES = ("neutral", "blue", "green", "amber", "red")
TEXT = [
    *[(ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent-ink") for ground in GROUNDS],
    *[(state, f"{state}-soft") for state in STATES],
    *[(state, "surface") for state in ("green", "red")],
    *[(ink, "accent-soft") for ink in ("accent-soft-ink", "ink", "ink-2", "ink-3")],
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-accent", "danger"),
    ("on-accent", "danger-hover"),
]
"""Every pair of text and ground that the style sheets make: 4.5 to 1."""
PARTS = [
    *[("line-strong", ground) for ground in ("canvas", "surface")],
    *[(f"{state}-bar", "track") for state in ("blue", "green", "amber", "red")],
    *[(f"{state}-bar", "surface") for state in STATES],
    ("accent", "canvas"),
    ("accent", "surface"),
    ("accent-ink", "sunken"),
]
"""Edges of fields, bars and focus rings: 3 to 1."""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_is_readable(theme: str, ink: str, ground: str) -> None:
    tokens = colours()[theme]
    assert contrast(tokens[ink], tokens[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("part", "ground"), PARTS)
def test_parts_that_matter_are_seen(theme: str, part: str, ground: str) -> None:
    tokens = colours()[theme]
    assert contrast(tokens[part], tokens[ground]) >= 3


def test_contrast_is_computed_as_the_guideline_says() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_dark_is_the_same_by_the_system_and_by_the_switch() -> None:
    found = colours()
    assert found["dark"] == found["system dark"]
    assert found["dark"].keys() == found["light"].keys()


def test_the_sheet_that_stands_by_itself_has_the_same_colours() -> None:
    found = colours()
    sheet = (SHEET.parent / "error.css").read_text()
    blocks = [
        dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", line)) for line in sheet.splitlines() if "--ink" in line
    ]
    light, system, switched = blocks[0], blocks[1], blocks[2]
    assert {name: light[name] for name in ("canvas", "ink", "ink-2")} == {
        name: found["light"][name] for name in ("canvas", "ink", "ink-2")
    }
    assert system == switched
    assert switched == {
        "canvas": found["dark"]["canvas"],
        "ink": found["dark"]["ink"],
        "ink-2": found["dark"]["ink-2"],
        "accent": found["dark"]["accent-ink"],
    }


def test_every_token_that_is_used_exists() -> None:
    given = set(re.findall(r"(--[a-z0-9-]+):", SHEET.read_text()))
    for sheet in SHEET.parent.glob("*.css"):
        text = sheet.read_text()
        own = set(re.findall(r"(--[a-z0-9-]+):", text))
        used = set(re.findall(r"var\((--[a-z0-9-]+)", text))
        assert used <= given | own | {"--tone", "--tone-soft", "--tone-bar"}, sheet.name
