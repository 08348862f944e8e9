"""Dice that fall the same way on every run: what happens is a hash of the seed and of what it happens to."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def unit(*parts: object) -> float:
    """A number from 0 up to 1, always the same for the same parts."""
    return number(*parts) / 2**64


def number(*parts: object) -> int:
    """A whole number below 2**64, always the same for the same parts."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def choose(options: Sequence[Item], *parts: object) -> Item:
    """One of `options`, always the same for the same parts."""
    return options[number(*parts) % len(options)]
