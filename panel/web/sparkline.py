"""A row of amounts as the path of a small line, drawn without a script. Called by the staff's pages; pure."""

from collections.abc import Sequence
from decimal import Decimal

WIDTH, HEIGHT = 100, 32
MARGIN = 2
MAX_POINTS = 60


def thin_out(amounts: Sequence[Decimal], *, max_points: int = MAX_POINTS) -> list[Decimal]:
    """Every n-th of them, so that about `max_points` are left; the last always is."""
    step = max(1, -(-len(amounts) // max_points))
    return list(amounts[::-1][::step])[::-1]


def spark_path(amounts: Sequence[Decimal]) -> str:
    """The `d` of a path in a box of 100 by 32, from the least to the greatest; empty for fewer than two amounts.

    Floats are for drawing alone.
    """
    points = [float(amount) for amount in thin_out(amounts)]
    if len(points) < 2:
        return ""
    least, span = min(points), max(points) - min(points)
    room = HEIGHT - 2 * MARGIN
    heights = [HEIGHT / 2 if not span else HEIGHT - MARGIN - (point - least) / span * room for point in points]
    step = WIDTH / (len(points) - 1)
    return "M" + " L".join(f"{index * step:.1f},{height:.1f}" for index, height in enumerate(heights))
