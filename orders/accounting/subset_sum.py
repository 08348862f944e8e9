"""Which of some amounts add up to a sum, where there is only one answer. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from panel.lib.money import to_micro

MAX_AMOUNTS = 15
"""More amounts have too many sums for one of them to say anything."""


def sole_subset(amounts: Sequence[Decimal], *, total: Decimal) -> list[int] | None:
    """The places of the amounts that add up to `total`; None where none do, several sets do, or there are too many."""
    if total <= 0 or len(amounts) > MAX_AMOUNTS:
        return None
    sums: dict[int, list[int]] = {0: [0]}
    for place, amount in enumerate(amounts):
        sums = _with_one_more(sums, to_micro(amount), 1 << place)
    found = sums.get(to_micro(total), [])
    if len(found) != 1:
        return None
    return [place for place in range(len(amounts)) if found[0] & 1 << place]


def _with_one_more(sums: dict[int, list[int]], amount: int, bit: int) -> dict[int, list[int]]:
    """The sums with and without one more amount, each with at most two of the sets that make it."""
    more = {total: list(sets) for total, sets in sums.items()}
    for total, sets in sums.items():
        known = more.setdefault(total + amount, [])
        known += [chosen | bit for chosen in sets[: 2 - len(known)]]
    return more
