"""What our own orders at a provider tell of its ids: when which was given, which are ours, how late one may come.

Asked by probe.py, which looks for doubtful orders, and unmatched_search.py, which looks for what nobody here knows of.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from orders.models import Attempt, HasParts, Order, Probe
from orders.rules.states import State
from orders.unconfirmed.evidence import Landmark
from providers.models import Provider

LANDMARKS = 50


class NotNumbersError(Exception):
    """The provider's ids are not all numbers."""


def landmarks(*, attempt: Attempt, settle: timedelta) -> tuple[list[Landmark], list[Landmark], list[Landmark]]:
    """Ours before the attempt, after it, and so long after it that nothing of it can still come.

    Raises NotNumbersError.
    """
    placed = _placed(attempt.order.provider)
    before = placed.filter(ended_at__lte=attempt.started_at).order_by("-started_at")
    after = placed.filter(started_at__gte=attempt.lease_until).order_by("started_at")
    settled = placed.filter(started_at__gte=attempt.started_at + settle).order_by("started_at")
    return _marks(before), _marks(after), _marks(settled)


def latest_landmarks(*, provider: Provider, until: datetime) -> list[Landmark]:
    """The latest of ours that were placed by then. Raises NotNumbersError."""
    return _marks(_placed(provider).filter(ended_at__lte=until).order_by("-started_at"))


def landmark(*, provider: Provider, number: int) -> Landmark | None:
    """The order of ours that has this id there."""
    return next(iter(_marks(_placed(provider).filter(order__provider_order_id=str(number)))), None)


def time_to_settle(*, provider: Provider) -> timedelta:
    """How long after an attempt its order could still appear: thrice the slowest of the last ones, or the setting.

    Those count that ended with their answer. One that evidence or a person decided ended whenever that was.
    """
    answered = Attempt.objects.filter(outcome=Attempt.Outcome.PLACED, ended_at__lte=F("lease_until"))
    lately = answered.filter(provider=provider).order_by("-started_at")
    times = lately.values_list("started_at", "ended_at")[:LANDMARKS]
    slowest = max((ended - started for started, ended in times if ended is not None), default=timedelta())
    return max(timedelta(seconds=settings.SETTLE_SECONDS), 3 * slowest)


def had_parts(*, provider: Provider, since: datetime) -> bool:
    """Whether orders ran there since then that place further ones under our key: drip-feeds and subscriptions."""
    here = Order.objects.filter(HasParts(), provider=provider)
    running, ended_since = Q(state=State.ACTIVE, finished_at=None), Q(finished_at__gte=since)
    return any(here.filter(found).exists() for found in (running, ended_since))


def unknown_among(*, provider: Provider, ids: Sequence[str], but: Attempt | None = None) -> list[str]:
    """Those that are no orders of ours, nor found by evidence to be one (`but` this) of which nobody said so yet."""
    linked = Order.objects.filter(provider=provider, provider_order_id__in=ids)
    doubts = Attempt.objects.filter(provider=provider, outcome=Attempt.Outcome.UNKNOWN)
    named = Probe.objects.filter(attempt__in=doubts, verdict=Probe.Verdict.PLACED, candidate__in=ids)
    if but is not None:
        named = named.exclude(attempt=but)
    known = {*linked.values_list("provider_order_id", flat=True), *named.values_list("candidate", flat=True)}
    return [one for one in ids if one not in known]


def number_of(text: str | None) -> int:
    """An id as the number that it is. Raises NotNumbersError."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotNumbersError
    return int(text)


def _placed(provider: Provider) -> QuerySet[Attempt]:
    return Attempt.objects.filter(provider=provider, outcome=Attempt.Outcome.PLACED, ended_at__isnull=False)


def _marks(attempts: QuerySet[Attempt]) -> list[Landmark]:
    rows = attempts.values_list("started_at", "ended_at", "order__provider_order_id")[:LANDMARKS]
    return [Landmark(started, ended, number_of(text)) for started, ended, text in rows if ended is not None]
