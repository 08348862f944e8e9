"""Detects rates that changed by the same factor, as when a provider changes its currency or unit. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

MIN_SERVICES = 5
"""Fewer services than this never count as a change of the whole list."""
TOLERANCE = Decimal("1.01")
"""Factors within this ratio count as the same, since rates are rounded; a factor this near to 1 is no change."""


def largest_uniform_change(lines: Iterable[tuple[str, Mapping[str, object]]]) -> int:
    """How many rates changed by the most common factor.

    `lines` are rows of the change log in order: external ID and fields. Each service counts with its first and its
    last rate.
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
