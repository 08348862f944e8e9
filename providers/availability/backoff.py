"""Which providers a reading job may ask now, so that those that do not answer hold up no others. Called by the tasks.

A provider that gave a job no answer is asked by it again after a growing pause. A provider at which the last run got no
answer, or waited long for one, is in the slow lane: of all such, few are asked at a time, whatever the jobs. The next
quick answer ends both. It all only saves work: that a provider is asked too often would do no harm.
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
"""A round of calls that takes longer is slow."""
SLOW_LANE = 2
"""So many providers that gave no answer are asked at a time, and one more of those that answer, if slowly. The smallest
panel has threads for them, for all else that may be slow, and for the quick ones (panel/embedded.py)."""

MAX_LEASE = timedelta(minutes=15)
"""No job's lease is longer: a lane taken until later was taken while the clock was ahead, and counts as free."""
MAX_FAILURES = 100
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ProviderRun:
    """What a run came to: its summary, whether the provider answered (None: it was not asked), its rounds of calls."""

    summary: dict[str, Any]
    answered: bool | None
    rounds: int = 1


def providers_due(*, job: str, providers: Iterable[Provider], now: datetime) -> list[Provider]:
    """Those of the providers that the job may ask now: the quick ones, then the slow ones, longest waiting first."""
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
    """Run the job for one provider under a lease of its own, if the provider's turn has come, and note how it went.

    One that crashes, or is stopped by our own time limit, says nothing of the provider but how long it took.
    """
    if not _begin(job, provider_id, timezone.now(), seconds):
        return
    asked: ProviderRun | None = None
    began = time.monotonic()

    def run() -> dict[str, Any]:
        nonlocal asked
        asked = ProviderRun({}, answered=True)
        asked = ask(Provider.objects.get(pk=provider_id))
        return asked.summary

    try:
        run_leased(name=f"{job}:{provider_id}", seconds=seconds, job=run)
    finally:
        _end(job, provider_id, asked, time.monotonic() - began)


def reset_backoff(*, job: str, provider_id: int) -> None:
    """The provider answered a person who asked beside the timetable: the job's pause is over."""
    waiting = Backoff.objects.filter(provider=provider_id, job=job, is_slow=True)
    waiting.update(failures=0, next_at=None, is_slow=False, ended_at=timezone.now())


def _known(**given: Any) -> defaultdict[int, dict[str, Backoff]]:
    found: defaultdict[int, dict[str, Backoff]] = defaultdict(dict)
    for row in Backoff.objects.filter(**given):
        found[row.provider_id][row.job] = row
    return found


def _is_slow(job: str, rows: Mapping[str, Backoff], now: datetime) -> bool:
    """Whether the job, or another one since, found the provider slow."""
    return any(row.is_slow for row in _latest(job, rows, now))


def _is_silent(job: str, rows: Mapping[str, Backoff], now: datetime) -> bool:
    """Whether the job, or another one since, got no answer there."""
    return any(row.failures > 0 for row in _latest(job, rows, now))


def _latest(job: str, rows: Mapping[str, Backoff], now: datetime) -> list[Backoff]:
    """The job's own last run at the provider, and those of others since."""
    own = rows.get(job)
    since = _ended(own, now)
    return [row for row in rows.values() if row is own or _ended(row, now) > since]


def _ended(row: Backoff | None, now: datetime) -> datetime:
    """When the row's last run ended; one in the future was noted while the clock was ahead, and counts as long ago."""
    return row.ended_at if row is not None and row.ended_at is not None and row.ended_at <= now else NEVER


def _is_paused(row: Backoff | None, now: datetime) -> bool:
    """A pause that ends later than any pause can was noted while the clock was ahead: it counts as none."""
    return row is not None and row.next_at is not None and now < row.next_at <= now + MAX_BACKOFF


def _waits_since(row: Backoff | None) -> datetime:
    return (row and (row.next_at or row.ended_at)) or NEVER


def _begin(job: str, provider_id: int, now: datetime, seconds: int) -> bool:
    """Whether the provider may be asked: at once where it is quick, else after its pause in a free slow lane."""
    rows = _known(provider=provider_id)[provider_id]
    if not _is_slow(job, rows, now):
        return True
    if _is_paused(rows.get(job), now):
        return False
    lanes = SLOW_LANE if _is_silent(job, rows, now) else SLOW_LANE + 1
    with transaction.atomic():
        lock_subject("slow lane")
        return _take_lane(job, provider_id, lanes, now, until=now + timedelta(seconds=seconds))


def _take_lane(job: str, provider_id: int, lanes: int, now: datetime, *, until: datetime) -> bool:
    """Whether a lane was free. Of whatever job the others are, each has one until its own lease ends."""
    running = Q(slow_lane_until__gt=now, slow_lane_until__lte=now + MAX_LEASE)
    if Backoff.objects.filter(running).count() >= lanes:
        return False
    Backoff.objects.get_or_create(provider_id=provider_id, job=job)
    own = Backoff.objects.filter(provider=provider_id, job=job).exclude(running)
    return own.update(slow_lane_until=until) == 1


def _end(job: str, provider_id: int, asked: ProviderRun | None, took: float) -> None:
    """Note how a run went; nothing but its end where another run held the lease, or where nothing was to be asked."""
    if asked is None or asked.answered is None:
        Backoff.objects.filter(provider=provider_id, job=job).update(slow_lane_until=None)
        return
    now = timezone.now()
    row, _ = Backoff.objects.get_or_create(provider_id=provider_id, job=job)
    row.failures = 0 if asked.answered else min(row.failures + 1, MAX_FAILURES)
    row.next_at = None if asked.answered else now + backoff_after(row.failures)
    row.is_slow = not asked.answered or took > SLOW_SECONDS * max(1, asked.rounds)
    row.ended_at, row.slow_lane_until = now, None
    row.save()


def backoff_after(failures: int) -> timedelta:
    """How long a provider is left alone after so many runs in a row without an answer: 1, 2, 4, 8, then 15 minutes."""
    doublings: int = 2 ** min(failures - 1, 10)
    return min(MIN_BACKOFF * doublings, MAX_BACKOFF)
