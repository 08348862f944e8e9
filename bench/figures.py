"""What the benchmarks print: each measured path beside its floor and its limit, as medians of one run."""

import gc
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

ROUNDS = 5


def clock(work: Callable[[], Any]) -> float:
    """The seconds that `work` takes; what earlier work left behind is collected before."""
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Figures:
    """Lines of a table, and whether all limits were kept."""

    def __init__(self) -> None:
        self.missed: list[str] = []
        print(f"{'':44}{'floor':>11}{'ours':>11}{'ratio':>9}{'limit':>9}", flush=True)

    def times(self, name: str, *, floor: list[float], ours: list[float], limit: float | None) -> None:
        """A duration against the floor's: the ratio of the medians may be `limit` at most."""
        ratio = median(ours) / median(floor)
        self._line(
            name, _seconds(median(floor)), _seconds(median(ours)), ratio, "" if limit is None else f"≤ {limit:g}x"
        )
        self._judge(name, limit is None or ratio <= limit)

    def rates(self, name: str, *, floor: list[float], ours: list[float], limit: float | None) -> None:
        """How many a second against the floor's: the ratio of the medians must be `limit` at least."""
        ratio = median(ours) / median(floor)
        self._line(
            name, f"{median(floor):,.0f}/s", f"{median(ours):,.0f}/s", ratio, "" if limit is None else f"≥ {limit:g}x"
        )
        self._judge(name, limit is None or ratio >= limit)

    def holds(self, name: str, *, found: object, wanted: object) -> None:
        """A figure that must be exact."""
        print(f"  {name:42}{found!s:>11}  {'as wanted' if found == wanted else f'WANTED {wanted}'}", flush=True)
        self._judge(name, found == wanted)

    def note(self, text: str) -> None:
        """Something to read beside the figures."""
        print(f"  {text}", flush=True)

    def close(self) -> None:
        """Exit status 1 when anything was missed."""
        if self.missed:
            sys.exit(f"MISSED: {'; '.join(self.missed)}")

    def _line(self, name: str, floor: str, ours: str, ratio: float, limit: str) -> None:
        print(f"  {name:42}{floor:>11}{ours:>11}{ratio:>8.2f}x{limit:>9}", flush=True)

    def _judge(self, name: str, kept: bool) -> None:
        if not kept:
            self.missed.append(name)


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"
