"""The simulator's money: whole millionths inside, plain text outside. Its own arithmetic, so that it can check ours."""

import re
from decimal import Decimal

_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)


def to_millionths(value: object) -> int | None:
    """The millionths of a plain amount (text, whole number or Decimal); None for anything else."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, bool) or not _PLAIN.fullmatch(text):
        return None
    return int(Decimal(text).scaleb(6))


def to_text(millionths: int) -> str:
    """The amount as the protocol writes it: plain digits, no needless zeros."""
    whole, rest = divmod(abs(millionths), 1_000_000)
    digits = f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
    return f"-{digits}" if millionths < 0 else digits


def price(*, rate: int, units: int, per_package: bool) -> int:
    """What `units` cost at `rate` per 1000, half a millionth rounded up; a package costs its rate."""
    if per_package:
        return rate * units
    return (2 * rate * units + 1000) // 2000
