"""Walks of the machine that are always taken, by their names: short ways to what its guesses reach seldom."""

from tests.machine.walks import buying, doors, receivers, selling, trouble
from tests.machine.walks.walker import WALKS, Walker

__all__ = ["WALKS", "Walker", "buying", "doors", "receivers", "selling", "trouble"]
