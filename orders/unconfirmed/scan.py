"""Ask a provider for the status of many IDs, to find orders under our API key.

Providers leave IDs out of answers, or deny known ones. So each call includes known IDs of ours as controls: an answer
that lacks a control or another ID proves nothing, and the call is repeated.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from orders.unconfirmed.evidence import Scan, join_scans, read_scan
from providers.adapters.base import ProviderAdapter
from providers.adapters.errors import RetryLater

CONTROLS = 2
TRIES = 3


class OutOfTimeError(Exception):
    """The provider answers too slowly: the time is over before all IDs were asked for."""


@dataclass(slots=True)
class Scanner:
    """Scans IDs at one provider and repeats failed calls while there are `spare` ones. `calls` counts all.

    No call begins after `until`, on the monotonic clock.
    """

    adapter: ProviderAdapter
    controls: Sequence[str]
    spare: int
    until: float = math.inf
    calls: int = 0

    def calls_for(self, count: int) -> int:
        """How many calls `count` IDs take where nothing fails; at least one, for the controls."""
        return max(1, -(-count // self._size))

    def ask(self, ids: Sequence[str]) -> Scan:
        """Raises RetryLater where the provider cannot be asked, OutOfTimeError where its answers take too long."""
        batches = [ids[start : start + self._size] for start in range(0, len(ids), self._size)] or [[]]
        return join_scans([self._ask(batch) for batch in batches])

    @property
    def _size(self) -> int:
        return self.adapter.batch_size - len(self.controls)

    def _ask(self, batch: Sequence[str]) -> Scan:
        """Repeat a broken answer at once; leave a provider alone that cannot be reached or is busy."""
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
            raise OutOfTimeError(_("The provider answers too slowly."))
        self.calls += 1
        answers: Any = self.adapter.statuses(order_ids=self._ids(batch))
        return read_scan(asked=batch, controls=self.controls, answers=answers)

    def _ids(self, batch: Sequence[str]) -> list[str]:
        """Controls at both ends: an answer may break off."""
        return [*self.controls[:1], *batch, *self.controls[1:]]
