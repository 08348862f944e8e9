"""A number that stands for many values, so that two sets of them are compared by one number each. Pure."""

from collections.abc import Iterable
from hashlib import blake2b


def fingerprint(values: Iterable[object]) -> int:
    """63 bits of the digest of plain values (texts, whole numbers, decimals, flags), the same on every machine.

    Values that differ, or stand in another order, have another one. Equal decimals that are written differently, as
    0.9 and 0.90 are, may have different ones.
    """
    return int.from_bytes(blake2b(ascii(tuple(values)).encode(), digest_size=8).digest()) >> 1
