"""Ask one provider for many things, a batch a call. Called by the jobs of refills and cancels.

Each batch is claimed and committed, asked for with no transaction open, and recorded in a second short one.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from orders.aftercare.claims import Claimed
from panel.lib.crypto import SealError
from providers.adapters.base import ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.connection.connect import connected
from providers.models import Provider

log = logging.getLogger(__name__)

RUN_SECONDS = 50
"""No batch is begun after that: a run ends well before its task is stopped, and the rest is due at the next tick."""

Answers = Mapping[str, Any]
"""By the id at the provider; what it did not name is missing."""


class Step(Protocol):
    """One kind of question."""

    def claim(self, *, after: int, size: int) -> Sequence[Claimed]:
        """The next batch, committed; nothing when nothing is due beyond the primary key `after`."""

    def ask(self, adapter: ProviderAdapter, ids: Sequence[str]) -> Answers: ...

    def record(self, batch: Sequence[Claimed], answers: Answers) -> None: ...

    def record_failure(self, batch: Sequence[Claimed], error: RetryLater) -> None:
        """The call as a whole brought nothing."""


def run_steps(*, provider: Provider, steps: Sequence[Step]) -> int:
    """Work through what is due, step by step; how many calls failed. A step ends with its first failed call."""
    until = time.monotonic() + RUN_SECONDS
    try:
        with connected(provider) as adapter:
            return sum(_run(step, adapter, provider, until) for step in steps)
    except SealError as error:
        log.warning("provider not asked", extra={"provider": provider.pk, "why": str(error)})
        return 1


def _run(step: Step, adapter: ProviderAdapter, provider: Provider, until: float) -> int:
    last = 0
    while time.monotonic() < until:
        batch = step.claim(after=last, size=adapter.batch_size)
        if not batch:
            break
        last = batch[-1].pk
        try:
            answers = step.ask(adapter, [row.external_id for row in batch])
        except RetryLater as error:
            log.warning("requests not answered", extra={"provider": provider.pk, "why": error.text})
            step.record_failure(batch, error)
            return 1
        step.record(batch, answers)
    return 0
