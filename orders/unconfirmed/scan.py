"""Ask a provider for many ids at once, known ones of ours among them: what answers there under our key.

Providers leave ids out, or say of known ones that they are not known. So each call holds ids that are ours without
doubt, and an answer that does not know them, or leaves one out, proves nothing: it is asked for again.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orders.unconfirmed.evidence import Scan, joined, read_scan
from providers.adapters.base import ProviderAdapter
from providers.adapters.errors import RetryLater

CONTROLS = 2
TRIES = 3


class OutOfTimeError(Exception):
    """The provider answers too slowly: the time for one look is over before all ids were asked for."""


@dataclass(slots=True)
class Scanner:
    """One look at a provider: what fails is asked for again while there are `spare` calls. `calls` counts all.

    No call begins after `until`, on the monotonic clock.
    """

    adapter: ProviderAdapter
    controls: Sequence[str]
    spare: int
    until: float = math.inf
    calls: int = 0

    def calls_for(self, count: int) -> int:
        """How many calls so many ids take where nothing fails: at least one, for the controls."""
        return max(1, -(-count // self._size))

    def ask(self, ids: Sequence[str]) -> Scan:
        """Raises RetryLater where the provider cannot be asked, OutOfTimeError where its answers take too long."""
        batches = [ids[start : start + self._size] for start in range(0, len(ids), self._size)] or [[]]
        return joined([self._ask(batch) for batch in batches])

    @property
    def _size(self) -> int:
        return self.adapter.batch_size - len(self.controls)

    def _ask(self, batch: Sequence[str]) -> Scan:
        """A broken answer is asked for again at once; a provider that cannot be reached, or is busy, is left alone."""
        for tries_left in range(TRIES - 1, -1, -1):
            may_repeat = tries_left and self.spare > 0
            try:
                scan = self._call(batch)
            except RetryLater as problem:
                if not may_repeat or problem.reason != "broken":
                    raise
            else:
                if scan.is_complete or not may_repeat:
                    return scan
            self.spare -= 1
        raise AssertionError("the last try returns or raises")

    def _call(self, batch: Sequence[str]) -> Scan:
        if time.monotonic() >= self.until:
            raise OutOfTimeError("It answers too slowly for one look.")
        self.calls += 1
        answers: Any = self.adapter.statuses(order_ids=self._row(batch))
        return read_scan(asked=batch, controls=self.controls, answers=answers)

    def _row(self, batch: Sequence[str]) -> list[str]:
        """Controls at both ends: an answer may break off."""
        return [*self.controls[:1], *batch, *self.controls[1:]]
