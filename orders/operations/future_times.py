"""Orders, attempts and requests that wait for a time which only a clock that was ahead can have set: a job's."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from orders.aftercare import cancel_jobs, refill_jobs
from orders.aftercare.claims import MAX_WAIT, SENDING
from orders.models import Attempt, Cancellation, Order, Refill
from orders.rules import polling_interval
from orders.rules.states import FINAL, State
from orders.submission.record import LONGEST_WAIT
from panel.lib.future_times import bring_back


def reset_future_times(*, now: datetime) -> int:
    """Have them go on; how many rows that were. What may be under way at this moment is given its whole time first."""
    return (
        _queued_orders(now)
        + _followed_orders(now)
        + _attempts(now)
        + _requests(Refill.objects.all(), now, refill_jobs.UNKNOWN_FOR)
        + _requests(Cancellation.objects.all(), now, cancel_jobs.UNKNOWN_FOR)
        + bring_back(_taken_refills(), "next_at", max_ahead=refill_jobs.POLL_EVERY, to=now, now=now)
    )


def _queued_orders(now: datetime) -> int:
    queued = Order.objects.filter(state=State.QUEUED)
    sent = bring_back(queued, "next_attempt_at", max_ahead=LONGEST_WAIT, to=now, now=now)
    return sent + bring_back(queued, "queued_at", max_ahead=timedelta(), to=now, now=now)


def _followed_orders(now: datetime) -> int:
    followed = Order.objects.filter(next_poll_at__isnull=False)
    active = bring_back(
        followed.filter(state=State.ACTIVE), "next_poll_at", max_ahead=polling_interval.MAX_INTERVAL, to=now, now=now
    )
    ended = followed.filter(state__in=FINAL)
    return active + bring_back(
        ended, "next_poll_at", max_ahead=polling_interval.MAX_INTERVAL_AFTER_END, to=now, now=now
    )


def _attempts(now: datetime) -> int:
    """An attempt whose lease cannot be right gets a whole one from now on: by then its worker is dead for sure.

    Until the lease has ended it is not reaped, and no person can have the order sent again.
    """
    lease = timedelta(seconds=settings.LEASE_SECONDS)
    live = Attempt.objects.filter(outcome=None) | Attempt.objects.filter(outcome=Attempt.Outcome.UNKNOWN)
    return bring_back(live, "lease_until", max_ahead=lease, to=now + lease, now=now)


def _requests(rows: QuerySet[Refill] | QuerySet[Cancellation], now: datetime, unknown_for: timedelta) -> int:
    """Those that were or may have been passed on are left alone for as long as ever."""
    waiting = bring_back(rows.filter(state="wanted"), "next_at", max_ahead=MAX_WAIT, to=now, now=now)
    asked = rows.filter(state__in=[SENDING, "unknown"])
    return waiting + bring_back(asked, "next_at", max_ahead=MAX_WAIT, to=now + unknown_for, now=now)


def _taken_refills() -> QuerySet[Refill]:
    return Refill.objects.filter(state__in=[Refill.State.PENDING, Refill.State.IN_PROGRESS])
