"""Shortens the product's waits that are constants of its modules, so that days of an order's life fit into a run.

Their order stays: the deadline ends before the lease, the lease before the time to settle, looks come after that.
"""

from datetime import timedelta

from orders import tasks
from orders.aftercare import cancel_jobs, refill_jobs
from orders.rules import polling_interval
from orders.submission import eligibility, record
from orders.tracking import poll, settle
from orders.unconfirmed import probe
from providers import tasks as provider_tasks
from providers.adapters import v2
from providers.availability import circuit_breaker


def seconds(*numbers: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=number) for number in numbers)


def compress(*, settle_seconds: int) -> None:
    """From now on this process waits shorter. Looks at doubts keep their proportion to the time to settle."""
    circuit_breaker.MIN_OPEN_TIME, circuit_breaker.MAX_OPEN_TIME = seconds(0.5, 4)
    record.FIRST_WAIT, record.LONGEST_WAIT = seconds(1, 8)
    (eligibility.LOOK_AGAIN,) = seconds(3)
    probe.PROBE_EVERY, probe.GIVE_UP_AFTER = seconds(settle_seconds / 5, settle_seconds * 1.5)
    polling_interval.FIRST_POLL = poll.FIRST_POLL = settle.FIRST_POLL = timedelta(seconds=3)
    polling_interval.INTERVALS_BY_AGE = ((timedelta(hours=1), timedelta(seconds=5)),)
    polling_interval.POLLS_AFTER_END = settle.POLLS_AFTER_END = seconds(5, 20, 60, 180, 600, 1800, 7200)
    for jobs in (refill_jobs, cancel_jobs):
        jobs.UNSENT_FOR, jobs.UNKNOWN_FOR = seconds(2, 5)
    (refill_jobs.POLL_EVERY,) = seconds(5)
    tasks.LEASE, tasks.SWEEP_FOR = 10, 8
    provider_tasks.LEASE_SECONDS = 30
    v2.READ_SECONDS = 4.0
