"""A bug that somebody might plant: a replacement in a module's source, what it is, and what meets it.

Most are met by a walk of the machine and caught by its model or by one of its checks, or the machine is to be guided
better. What is a matter of threads, processes or a database's plans is met by a test of its own instead. What two
guards forbid is no bug when one of them is gone, so such a mutant takes both away.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old` stands once in the source of `module`; `more` are further replacements there."""

    name: str
    met_by: str
    """The name of a walk, or a pytest node: `tests/x/test_y.py::test_z`."""
    module: str
    old: str
    new: str
    more: tuple[tuple[str, str], ...] = ()

    @property
    def is_met_by_a_test(self) -> bool:
        """Whether a test is to fail, and not the machine."""
        return "::" in self.met_by
