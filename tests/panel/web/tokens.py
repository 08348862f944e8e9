"""Reads the design tokens out of their style sheet, and computes the contrast of two colours."""

import re

from django.conf import settings

SHEET = settings.BASE_DIR / "static" / "panel" / "tokens.css"


def colours() -> dict[str, dict[str, str]]:
    """The hex colours by theme: light, dark by the system's wish, dark by the switch."""
    text = SHEET.read_text()
    blocks = {
        "light": re.search(r':root,\n\[data-bs-theme="light"\] \{(.*?)\n\}', text, re.DOTALL),
        "system dark": re.search(r':root:not\(\[data-bs-theme="light"\]\) \{(.*?)\n  \}', text, re.DOTALL),
        "dark": re.search(r'\n\[data-bs-theme="dark"\] \{(.*?)\n\}', text, re.DOTALL),
    }
    found = {}
    for theme, block in blocks.items():
        assert block is not None, theme
        found[theme] = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block[1]))
    return found


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2 between two hex colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
