"""Decides which providers a job may call now, so that providers that do not answer delay no others. Called by tasks.

After a run without an answer, a job calls the provider again only after a growing pause. A provider whose last run got
no answer, or a slow one, is in the slow lane: only a few of those are called at a time, whatever the job. The next
quick answer ends both. This only saves work: calling a provider too often does no harm.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from panel.ops.alerts.alerts import lock_subject
from panel.ops.jobs.leases import run_leased
from providers.models import Backoff, Provider

MIN_BACKOFF, MAX_BACKOFF = timedelta(minutes=1), timedelta(minutes=15)
SLOW_SECONDS = 15
"""A round of calls that takes longer counts as slow."""
SLOW_LANE = 2
"""Providers without an answer that are called at a time, plus one that answers slowly. The smallest panel has threads
for these, for other slow jobs, and for quick providers (panel/embedded.py)."""

MAX_LEASE = timedelta(minutes=15)
"""The longest lease of a job. A slot taken for longer was taken while the clock was ahead, and counts as free."""
MAX_FAILURES = 100
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ProviderRun:
    """The result of a run: its summary, whether the provider answered (None: not called), and its rounds of calls."""

    summary: dict[str, Any]
    answered: bool | None
    rounds: int = 1


def providers_due(*, job: str, providers: Iterable[Provider], now: datetime) -> list[Provider]:
    """The providers that the job may call now: the quick ones, then the slow ones, longest waiting first."""
    known = _known()
    quick, slow = [], []
    for provider in providers:
        rows = known[provider.pk]
        if not _is_slow(job, rows, now):
            quick.append(provider)
        elif not _is_paused(rows.get(job), now):
            slow.append(provider)
    return quick + sorted(slow, key=lambda provider: _waits_since(known[provider.pk].get(job)))


def run_for_provider(*, job: str, provider_id: int, seconds: int, ask: Callable[[Provider], ProviderRun]) -> None:
    """Run the job for one provider under its own lease, if the provider is due, and record how it went.

    A run that crashes, or hits our own time limit, counts as answered, with the time that it took.
    """
    if not _begin(job, provider_id, timezone.now(), seconds):
        return
    result: ProviderRun | None = None
    began = time.monotonic()

    def run() -> dict[str, Any]:
        nonlocal result
        result = ProviderRun({}, answered=True)
        result = ask(Provider.objects.get(pk=provider_id))
        return result.summary

    try:
        run_leased(name=f"{job}:{provider_id}", seconds=seconds, job=run)
    finally:
        _end(job, provider_id, result, time.monotonic() - began)


def reset_backoff(*, job: str, provider_id: int) -> None:
    """End the job's pause, because the provider answered a call outside of the schedule."""
    waiting = Backoff.objects.filter(provider=provider_id, job=job, is_slow=True)
    waiting.update(failures=0, next_at=None, is_slow=False, ended_at=timezone.now())


def _known(**given: Any) -> defaultdict[int, dict[str, Backoff]]:
    found: defaultdict[int, dict[str, Backoff]] = defaultdict(dict)
    for row in Backoff.objects.filter(**given):
        found[row.provider_id][row.job] = row
    return found


def _is_slow(job: str, rows: Mapping[str, Backoff], now: datetime) -> bool:
    """Whether the job, or another one since, had a slow run."""
    return any(row.is_slow for row in _latest(job, rows, now))


def _is_unanswered(job: str, rows: Mapping[str, Backoff], now: datetime) -> bool:
    """Whether the job, or another one since, got no answer."""
    return any(row.failures > 0 for row in _latest(job, rows, now))


def _latest(job: str, rows: Mapping[str, Backoff], now: datetime) -> list[Backoff]:
    """The job's own last run at the provider, and those of other jobs since."""
    own = rows.get(job)
    since = _ended(own, now)
    return [row for row in rows.values() if row is own or _ended(row, now) > since]


def _ended(row: Backoff | None, now: datetime) -> datetime:
    """When the last run ended. A time in the future, from a clock that was ahead, counts as long ago."""
    return row.ended_at if row is not None and row.ended_at is not None and row.ended_at <= now else NEVER


def _is_paused(row: Backoff | None, now: datetime) -> bool:
    """Whether the job has to wait. A pause longer than the maximum comes from a clock that was ahead: ignored."""
    return row is not None and row.next_at is not None and now < row.next_at <= now + MAX_BACKOFF


def _waits_since(row: Backoff | None) -> datetime:
    return (row and (row.next_at or row.ended_at)) or NEVER


def _begin(job: str, provider_id: int, now: datetime, seconds: int) -> bool:
    """Whether the provider may be called: at once if it is quick, else after its pause with a free slow slot."""
    rows = _known(provider=provider_id)[provider_id]
    if not _is_slow(job, rows, now):
        return True
    if _is_paused(rows.get(job), now):
        return False
    lanes = SLOW_LANE if _is_unanswered(job, rows, now) else SLOW_LANE + 1
    with transaction.atomic():
        lock_subject("slow lane")
        return _take_lane(job, provider_id, lanes, now, until=now + timedelta(seconds=seconds))


def _take_lane(job: str, provider_id: int, lanes: int, now: datetime, *, until: datetime) -> bool:
    """Take a slot of the slow lane if one is free. Each slot is held until the lease of its run ends."""
    running = Q(slow_lane_until__gt=now, slow_lane_until__lte=now + MAX_LEASE)
    if Backoff.objects.filter(running).count() >= lanes:
        return False
    Backoff.objects.get_or_create(provider_id=provider_id, job=job)
    own = Backoff.objects.filter(provider=provider_id, job=job).exclude(running)
    return own.update(slow_lane_until=until) == 1


def _end(job: str, provider_id: int, result: ProviderRun | None, took: float) -> None:
    """Record how a run went; only its end if another run held the lease, or if nothing had to be called."""
    if result is None or result.answered is None:
        Backoff.objects.filter(provider=provider_id, job=job).update(slow_lane_until=None)
        return
    now = timezone.now()
    row, _ = Backoff.objects.get_or_create(provider_id=provider_id, job=job)
    row.failures = 0 if result.answered else min(row.failures + 1, MAX_FAILURES)
    row.next_at = None if result.answered else now + backoff_after(row.failures)
    row.is_slow = not result.answered or took > SLOW_SECONDS * max(1, result.rounds)
    row.ended_at, row.slow_lane_until = now, None
    row.save()


def backoff_after(failures: int) -> timedelta:
    """The pause after that many runs in a row without an answer: 1, 2, 4, 8, then 15 minutes."""
    doublings: int = 2 ** min(failures - 1, 10)
    return min(MIN_BACKOFF * doublings, MAX_BACKOFF)
