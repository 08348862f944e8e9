"""Send many requests to one provider, one batch per call. Called by the jobs of refills and cancels.

Each batch is claimed and committed, sent with no transaction open, and recorded in a second short one.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from orders.aftercare.claims import ClaimedRequest
from panel.lib.crypto import SealError
from providers.adapters.base import ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.connection.connect import connected
from providers.models import Provider

log = logging.getLogger(__name__)

RUN_SECONDS = 50
"""No batch begins after this time: a run ends before its task is stopped, and the rest is due at the next run."""

Answers = Mapping[str, Any]
"""Answers by the provider's ID; IDs without an answer are missing."""


class Step(Protocol):
    """One kind of request."""

    def claim(self, *, after: int, size: int) -> Sequence[ClaimedRequest]:
        """Claim and commit the next batch; empty when nothing is due beyond the primary key `after`."""

    def ask(self, adapter: ProviderAdapter, ids: Sequence[str]) -> Answers: ...

    def record(self, batch: Sequence[ClaimedRequest], answers: Answers) -> None: ...

    def record_failure(self, batch: Sequence[ClaimedRequest], error: RetryLater) -> None:
        """Record that the whole call failed."""


def run_steps(*, provider: Provider, steps: Sequence[Step]) -> int:
    """Run the steps in turn; how many calls failed. A step ends with its first failed call."""
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
