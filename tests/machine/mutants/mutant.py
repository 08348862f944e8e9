"""A bug that somebody might plant: a replacement in a module's source, what it is, and the walk that meets it.

Every one is caught by the machine's model or by one of its checks, or the machine is to be guided better. What two
guards forbid is no bug when one of them is gone, so such a mutant takes both away.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old` stands once in the source of `module`; `more` are further replacements there."""

    name: str
    walk: str
    module: str
    old: str
    new: str
    more: tuple[tuple[str, str], ...] = ()
