"""Whether many rates moved by one and the same factor, as where a provider changed its currency or its unit.

Pure; called by sync.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

MIN_SERVICES = 5
"""Fewer services than these never speak for a whole list."""
TOLERANCE = Decimal("1.01")
"""Factors are alike up to this one, for rates are rounded; one as near to 1 is no move."""


def largest_uniform_change(lines: Iterable[tuple[str, Mapping[str, object]]]) -> int:
    """How many services moved by the most common factor.

    `lines` are those of the change log in their order: external id and fields. A service counts with its first rate
    and its last one.
    """
    first: dict[str, Decimal] = {}
    last: dict[str, Decimal] = {}
    for external_id, fields in lines:
        match fields.get("rate"):
            case [old, new]:
                first.setdefault(external_id, Decimal(str(old)))
                last[external_id] = Decimal(str(new))
    return _most_common([last[pk] / first[pk] for pk in first if first[pk] and last[pk]])


def _most_common(factors: Iterable[Decimal]) -> int:
    moved = sorted(factor for factor in factors if not 1 / TOLERANCE <= factor <= TOLERANCE)
    most = start = 0
    for end, factor in enumerate(moved):
        while moved[start] * TOLERANCE < factor:
            start += 1
        most = max(most, end - start + 1)
    return most
