"""Our own orders at a provider as reference points: which IDs are ours, when they were given, how late one may appear.

Called by probe.py, which searches for unconfirmed orders, and unmatched_search.py, which searches for unknown ones.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from orders.models import Attempt, HasParts, Order, Probe
from orders.rules.states import State
from orders.unconfirmed.evidence import ReferenceOrder
from providers.models import Provider

MAX_REFERENCES = 50


class NotNumbersError(Exception):
    """The provider's IDs are not all numbers."""


def reference_orders(
    *, attempt: Attempt, settle: timedelta
) -> tuple[list[ReferenceOrder], list[ReferenceOrder], list[ReferenceOrder]]:
    """Our orders placed before the attempt, after it, and after the settling delay, when it can no longer appear.

    Raises NotNumbersError.
    """
    placed = _placed(attempt.order.provider)
    before = placed.filter(ended_at__lte=attempt.started_at).order_by("-started_at")
    after = placed.filter(started_at__gte=attempt.lease_until).order_by("started_at")
    settled = placed.filter(started_at__gte=attempt.started_at + settle).order_by("started_at")
    return _references(before), _references(after), _references(settled)


def latest_reference_orders(*, provider: Provider, until: datetime) -> list[ReferenceOrder]:
    """Our latest orders placed by `until`. Raises NotNumbersError."""
    return _references(_placed(provider).filter(ended_at__lte=until).order_by("-started_at"))


def reference_order(*, provider: Provider, number: int) -> ReferenceOrder | None:
    """Our order with this ID at the provider."""
    return next(iter(_references(_placed(provider).filter(order__provider_order_id=str(number)))), None)


def settling_delay(*, provider: Provider) -> timedelta:
    """How long after an attempt its order may still appear: three times the slowest recent one, at least the setting.

    Attempts count that ended with an answer, not those that evidence or a person decided.
    """
    answered = Attempt.objects.filter(outcome=Attempt.Outcome.PLACED, ended_at__lte=F("lease_until"))
    lately = answered.filter(provider=provider).order_by("-started_at")
    times = lately.values_list("started_at", "ended_at")[:MAX_REFERENCES]
    slowest = max((ended - started for started, ended in times if ended is not None), default=timedelta())
    return max(timedelta(seconds=settings.SETTLE_SECONDS), 3 * slowest)


def placed_child_orders(*, provider: Provider, since: datetime) -> bool:
    """Whether drip-feeds or subscriptions ran at the provider since then: they place further orders under our key."""
    here = Order.objects.filter(HasParts(), provider=provider)
    running, ended_since = Q(state=State.ACTIVE, finished_at=None), Q(finished_at__gte=since)
    return any(here.filter(found).exists() for found in (running, ended_since))


def unmatched_ids(*, provider: Provider, ids: Sequence[str], exclude: Attempt | None = None) -> list[str]:
    """The IDs that belong to no order of ours, also not by evidence for an undecided attempt other than `exclude`."""
    linked = Order.objects.filter(provider=provider, provider_order_id__in=ids)
    doubts = Attempt.objects.filter(provider=provider, outcome=Attempt.Outcome.UNKNOWN)
    named = Probe.objects.filter(attempt__in=doubts, verdict=Probe.Verdict.PLACED, candidate__in=ids)
    if exclude is not None:
        named = named.exclude(attempt=exclude)
    known = {*linked.values_list("provider_order_id", flat=True), *named.values_list("candidate", flat=True)}
    return [one for one in ids if one not in known]


def number_of(text: str | None) -> int:
    """An ID as a number. Raises NotNumbersError."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotNumbersError
    return int(text)


def _placed(provider: Provider) -> QuerySet[Attempt]:
    return Attempt.objects.filter(provider=provider, outcome=Attempt.Outcome.PLACED, ended_at__isnull=False)


def _references(attempts: QuerySet[Attempt]) -> list[ReferenceOrder]:
    rows = attempts.values_list("started_at", "ended_at", "order__provider_order_id")[:MAX_REFERENCES]
    return [ReferenceOrder(started, ended, number_of(text)) for started, ended, text in rows if ended is not None]
