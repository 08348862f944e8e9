"""Amounts, and the only places where they are rounded. Pure: imports neither models nor Celery.

An amount is a `Decimal` with at most six decimals; the database holds it as an integer of millionths.
A rate is the price of 1000 units, or of one package for the package types.
"""

import re
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from django.utils.translation import gettext as _

PLACES = 6
MICRO = Decimal(1).scaleb(-PLACES)
ZERO = Decimal(0)
MAX_AMOUNT = Decimal(10) ** 12
"""What no amount of ours may reach; BIGINT millionths hold nine times as much."""

_LONG = Context(prec=60, traps=[InvalidOperation])
_UNITS = [Decimal(1).scaleb(-places) for places in range(20)]
_PLAIN = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)


class AmountError(ValueError):
    """The text or number is not an amount; the message is for people."""


def parse_amount(text: str) -> Decimal:
    """The amount that `text` writes in plain digits. Raises AmountError for anything else, or for over six decimals."""
    if not _PLAIN.fullmatch(text.strip()):
        raise AmountError(_("“%(text)s” is not an amount. Enter it like 12.50.") % {"text": text[:40]})
    amount = Decimal(text.strip())
    if amount != round_to(amount, places=PLACES):
        raise AmountError(_("“%(text)s” has more than %(places)d decimals.") % {"text": text[:40], "places": PLACES})
    if abs(amount) >= MAX_AMOUNT:
        raise AmountError(_("“%(text)s” is too large.") % {"text": text[:40]})
    return amount


def round_to(amount: Decimal, *, places: int = PLACES, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """`amount` with `places` decimals. Every rounding of money in the product goes through here."""
    try:
        return amount.quantize(_UNITS[places], rounding=rounding, context=_LONG)
    except InvalidOperation:
        raise AmountError(_("This is not an amount.")) from None


def is_storable(*amounts: Decimal) -> bool:
    """Whether an account can hold each of these."""
    return all(abs(amount) < MAX_AMOUNT for amount in amounts)


def round_up(amount: Decimal, *, places: int = PLACES) -> Decimal:
    """`amount` rounded towards the dearer side; what customers are charged is rounded this way."""
    return round_to(amount, places=places, rounding=ROUND_CEILING)


def charge_for(*, rate: Decimal, quantity: int, per_package: bool) -> Decimal:
    """What `quantity` costs at `rate`, rounded up to a millionth; a package costs its rate each."""
    exact = rate * quantity if per_package else rate * quantity / 1000
    return round_up(exact)


def share(*, charge: Decimal, part: int, whole: int) -> Decimal:
    """`charge * part / whole`, rounded down to a millionth: what an undelivered `part` of an order gives back."""
    micro = to_micro(charge) * part // whole
    return from_micro(micro)


def to_micro(amount: Decimal) -> int:
    """The integer of millionths that the database holds. Raises AmountError where the amount is not exact in them."""
    scaled = amount.scaleb(PLACES)
    whole = int(scaled)
    if scaled != whole:
        raise AmountError(f"{amount} is not exact in millionths.")
    return whole


def from_micro(micro: int) -> Decimal:
    """The amount of an integer of millionths, as it is shown: with no needless zeros beyond two decimals."""
    return Decimal(micro).scaleb(-PLACES)


def plain(amount: Decimal) -> str:
    """The amount as text for programs: plain digits, no exponent, no trailing zeros beyond what is needed."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
