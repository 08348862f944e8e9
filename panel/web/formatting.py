"""Formats amounts, times and durations for people. Called by the template tags; pure."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext, ngettext, ngettext_lazy

from panel.lib.money import PLACES, round_to

SIGNS = {
    "USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "BRL": "R$", "TRY": "₺", "NGN": "₦", "PHP": "₱", "UAH": "₴",
    "JPY": "¥", "KRW": "₩", "VND": "₫", "IDR": "Rp",
}  # fmt: skip
MINUS = "−"


class AgoUnit(NamedTuple):
    """A unit of distance in time, with its texts before and after now; `count` is the number of units."""

    length: timedelta
    past: Any
    future: Any


AGO_UNITS = (
    AgoUnit(
        timedelta(days=365),
        ngettext_lazy("%(count)d y ago", "%(count)d y ago", "count"),
        ngettext_lazy("in %(count)d y", "in %(count)d y", "count"),
    ),
    AgoUnit(
        timedelta(days=30),
        ngettext_lazy("%(count)d mo ago", "%(count)d mo ago", "count"),
        ngettext_lazy("in %(count)d mo", "in %(count)d mo", "count"),
    ),
    AgoUnit(
        timedelta(days=1),
        ngettext_lazy("%(count)d day ago", "%(count)d days ago", "count"),
        ngettext_lazy("in %(count)d day", "in %(count)d days", "count"),
    ),
    AgoUnit(
        timedelta(hours=1),
        ngettext_lazy("%(count)d h ago", "%(count)d h ago", "count"),
        ngettext_lazy("in %(count)d h", "in %(count)d h", "count"),
    ),
    AgoUnit(
        timedelta(minutes=1),
        ngettext_lazy("%(count)d min ago", "%(count)d min ago", "count"),
        ngettext_lazy("in %(count)d min", "in %(count)d min", "count"),
    ),
)
"""The largest first. static/panel/panel.js gets the same texts through `ago_templates`."""


def digits(amount: Decimal) -> str:
    """The amount without its sign: thousands separated, at least two decimals, up to six where they are needed."""
    whole, _, decimals = f"{abs(round_to(amount)):,.{PLACES}f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def sign_of(amount: Decimal, *, plus: bool) -> str:
    """A minus sign before a negative amount; with `plus`, a plus sign before a positive one."""
    if round_to(amount) < 0:
        return MINUS
    return "+" if plus and amount > 0 else ""


def money_text(amount: Decimal, *, currency: str, plus: bool = False) -> str:
    """`amount` as one line of text: −$1,234.50, or 12.50 RUB where the currency has no sign of its own."""
    before = SIGNS.get(currency, "")
    after = "" if before else f"\N{NO-BREAK SPACE}{currency}"
    return f"{sign_of(amount, plus=plus)}{before}{digits(amount)}{after}"


def exact_text(amount: Decimal, *, currency: str) -> str:
    """`amount` with every decimal that it has, and at least six. Shown on hover."""
    places = max(PLACES, -int(amount.as_tuple().exponent)) if amount.is_finite() else PLACES
    return f"{amount:,.{places}f} {currency}".replace("-", MINUS)


def ago_text(at: datetime, *, now: datetime) -> str:
    """How long ago `at` was, or how long it is until then, in its largest whole unit."""
    distance = abs(now - at)
    for unit in AGO_UNITS:
        if distance >= unit.length:
            text = unit.past if at < now else unit.future
            return str(text % {"count": distance // unit.length})
    return gettext("just now")


def ago_templates() -> list[tuple[int, list[str], list[str]]]:
    """For each unit its seconds, and its texts for one and several before and after now, such as [count] days ago."""
    return [(int(unit.length.total_seconds()), _templates(unit.past), _templates(unit.future)) for unit in AGO_UNITS]


def _templates(text: Any) -> list[str]:
    return [str(text % {"count": count}).replace(str(count), "[count]", 1) for count in (1, 2)]


def percent_of(part: int, whole: int) -> int:
    """How much of `whole` is done, from 0 to 100, rounded down so that 100 means all of it."""
    return 0 if whole <= 0 else max(0, min(100, part * 100 // whole))


def duration_text(seconds: int) -> str:
    """A time in its two largest units: 1 day 4 hours; 12 minutes; under a minute."""
    minutes = round(seconds / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    texts = [
        (days, ngettext("%(count)s day", "%(count)s days", days)),
        (hours, ngettext("%(count)s hour", "%(count)s hours", hours)),
        (minutes, ngettext("%(count)s minute", "%(count)s minutes", minutes)),
    ]
    parts = [text % {"count": f"{count:,}"} for count, text in texts if count]
    return " ".join(parts[:2]) or gettext("under a minute")
