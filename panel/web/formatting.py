"""How numbers and times are written for people. Called by the template tags; pure."""

from datetime import datetime, timedelta
from decimal import Decimal

from panel.lib.money import PLACES, round_to

SIGNS = {
    "USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "BRL": "R$", "TRY": "₺", "NGN": "₦", "PHP": "₱", "UAH": "₴",
    "JPY": "¥", "KRW": "₩", "VND": "₫", "IDR": "Rp",
}  # fmt: skip
MINUS = "−"
UNITS = (
    (timedelta(days=365), "y", "y"),
    (timedelta(days=30), "mo", "mo"),
    (timedelta(days=1), "day", "days"),
    (timedelta(hours=1), "h", "h"),
    (timedelta(minutes=1), "min", "min"),
)
"""Length, name of one, name of several; static/panel/panel.js says the same."""


def digits(amount: Decimal) -> str:
    """The size of `amount`: thousands separated, at least two decimals, up to six where they are needed."""
    whole, _, decimals = f"{abs(round_to(amount)):,.{PLACES}f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def sign_of(amount: Decimal, *, plus: bool) -> str:
    """A true minus before what is below zero; with `plus`, a plus before what is above."""
    if round_to(amount) < 0:
        return MINUS
    return "+" if plus and amount > 0 else ""


def money_text(amount: Decimal, *, currency: str, plus: bool = False) -> str:
    """`amount` as one line of text: −$1,234.50, or 12.50 RUB where the currency has no sign of its own."""
    before = SIGNS.get(currency, "")
    after = "" if before else f"\N{NO-BREAK SPACE}{currency}"
    return f"{sign_of(amount, plus=plus)}{before}{digits(amount)}{after}"


def exact_text(amount: Decimal, *, currency: str) -> str:
    """`amount` with every decimal that it has, and at least six: what stands in the hover."""
    places = max(PLACES, -int(amount.as_tuple().exponent)) if amount.is_finite() else PLACES
    return f"{amount:,.{places}f} {currency}".replace("-", MINUS)


def ago_text(at: datetime, *, now: datetime) -> str:
    """How long ago `at` was, or how long it is until then, in its largest whole unit."""
    distance = abs(now - at)
    for length, one, several in UNITS:
        if distance >= length:
            count = distance // length
            text = f"{count} {one if count == 1 else several}"
            return f"{text} ago" if at < now else f"in {text}"
    return "just now"


def percent_of(part: int, whole: int) -> int:
    """How much of `whole` is done, from 0 to 100, rounded down so that 100 means all of it."""
    return 0 if whole <= 0 else max(0, min(100, part * 100 // whole))


def duration_text(seconds: int) -> str:
    """A time in its two largest units: 1 day 4 hours; 12 minutes; under a minute."""
    parts, minutes = [], round(seconds / 60)
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count:,} {name}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "under a minute"
