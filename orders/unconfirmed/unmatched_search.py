"""Look among the ids between our own for orders under our key that are in no order here. Called by its task.

Such a one was bought and lost here, or by hand, or by another panel with the same key; or the provider answers for the
orders of everybody. Whatever it is, evidence about doubts is not to be trusted there by itself: an id could be that of
somebody else's order. A person says what it is, on the page of what
restores leave behind (orders/unconfirmed/restore_search.py).
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db.models.functions import Coalesce

from orders.core import safe_mode
from orders.core.unmatched_orders import follow_unmatched_orders, keep_unmatched_order
from orders.models import Attempt, UnmatchedOrder
from orders.models.attempt import MAY_BE_THERE
from orders.unconfirmed.evidence import WEAK, Landmark, Scan
from orders.unconfirmed.reference_ids import (
    NotNumbersError,
    had_parts,
    landmark,
    latest_landmarks,
    time_to_settle,
    unknown_among,
)
from orders.unconfirmed.scan import CONTROLS, OutOfTimeError, Scanner
from panel.lib.crypto import SealError
from panel.lib.database.each_row import each_apart
from providers.adapters.base import OrderStatus, ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.connection.connect import connected
from providers.models import Provider

log = logging.getLogger(__name__)

MOST_CALLS = 10
"""Of a provider in a run; where more ids have come since the last, the older ones are passed over."""
CALLS_BEGIN_FOR = 55
"""Seconds: the last call's deadline ends before the task is stopped."""
MOST_KEPT = 3
"""Of one look: a provider that answers for everybody is to be noticed, not copied."""
TRUSTED_AGAIN_AFTER = timedelta(days=30)


@dataclass(slots=True)
class Strays:
    """What a run came to: ids asked for, strays found, providers that did not answer so that anything is shown."""

    asked: int = 0
    found: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """The ids strictly between two orders of ours, which no later order can get any more.

    They were given for attempts that began at `since` or later.
    """

    low: Landmark
    high: Landmark
    controls: Sequence[str]
    since: datetime


def look_for_strays(*, now: datetime) -> Strays:
    """Look once at the ids that have come since the last run, at every provider in turn."""
    result = Strays()
    job = partial(_look_at, now=now, result=result)
    pks = [provider.pk for provider in providers_due()]
    each_apart(job, pks, row="provider", what="strays not looked for")
    return result


def providers_due() -> list[Provider]:
    """Those whose doubts are looked into; none in safe mode."""
    if safe_mode.is_on():
        return []
    return list(Provider.objects.filter(is_active=True).exclude(probing=Provider.Probing.OFF).order_by("pk"))


def look_at_provider(*, provider: Provider, now: datetime) -> Strays:
    """The same at one provider."""
    result = Strays()
    if not safe_mode.is_on():
        _look_at(provider.pk, now=now, result=result)
    return result


def latest_stray(*, provider: Provider, now: datetime) -> str:
    """The id of an order there that was found lately and was none of ours; empty where there is none."""
    lately = UnmatchedOrder.objects.filter(provider=provider, found_at__gte=now - TRUSTED_AGAIN_AFTER)
    strange = lately.exclude(verdict=UnmatchedOrder.Verdict.ADOPTED).order_by("-found_at", "-pk")
    return strange.values_list("external_id", flat=True).first() or ""


def _look_at(provider_id: int, *, now: datetime, result: Strays) -> bool:
    """Whether everything up to there is known now."""
    provider = Provider.objects.get(pk=provider_id)
    try:
        stretch = _stretch(provider, now)
    except NotNumbersError:
        return False
    if stretch is None:
        return False
    if not had_parts(provider=provider, since=stretch.low.started_at):
        found = _answered(provider, stretch, result)
        if found is None:
            result.unanswered += 1
            return False
        if found:  # else nothing needs an explanation, and the attempts are many
            result.found += _keep(provider, stretch, found)
    Provider.objects.filter(pk=provider_id).update(ids_seen_to=stretch.high.number)
    return True


def _answered(provider: Provider, stretch: Stretch, result: Strays) -> Sequence[OrderStatus] | None:
    """What of the stretch is under our key; None where the provider did not answer for all of it."""
    try:
        scan = _scan(provider, stretch)
    except (RetryLater, SealError, OutOfTimeError) as problem:
        log.info("strays not asked for", extra={"provider": provider.pk, "why": str(problem)})
        return None
    result.asked += scan.asked
    return scan.found if scan.is_complete else None


def _stretch(provider: Provider, now: datetime) -> Stretch | None:
    """From where the last run ended, or as far back as one reaches, up to what cannot change any more."""
    settle = time_to_settle(provider=provider)
    marks = latest_landmarks(provider=provider, until=now - settle)
    marks.sort(key=lambda mark: mark.number)
    if len(marks) <= CONTROLS:
        return None
    high = marks[-1]
    reach = high.number - MOST_CALLS * (ProviderAdapter.batch_size - CONTROLS)
    seen_to = provider.ids_seen_to or 0
    low = landmark(provider=provider, number=seen_to) if seen_to >= reach else None
    if low is None:
        low = next((mark for mark in marks if mark.number >= max(reach, seen_to)), high)
    if low.number >= high.number:
        return None
    return Stretch(low, high, [str(mark.number) for mark in marks[-CONTROLS:]], since=low.started_at - settle)


def _scan(provider: Provider, stretch: Stretch) -> Scan:
    numbers = [str(number) for number in range(stretch.low.number + 1, stretch.high.number)]
    unknown = unknown_among(provider=provider, ids=numbers)
    with connected(provider) as adapter:
        until = time.monotonic() + CALLS_BEGIN_FOR
        return Scanner(adapter, stretch.controls, spare=MOST_CALLS, until=until).ask(unknown)


def _keep(provider: Provider, stretch: Stretch, found: Sequence[OrderStatus]) -> int:
    """Note what no order explains; how many of them are new."""
    still = unknown_among(provider=provider, ids=[row.external_id for row in found])  # others were linked meanwhile
    costs = _costs_of_doubts(provider, stretch)
    strange = [row for row in found if row.external_id in still and not _may_be_one(row, costs)]
    new = [row for row in strange[:MOST_KEPT] if keep_unmatched_order(provider=provider, row=row)]
    if new:
        follow_unmatched_orders(provider_id=provider.pk)
    return len(new)


def _costs_of_doubts(provider: Provider, stretch: Stretch) -> set[Decimal]:
    """What orders cost that may be there without our knowing, whatever people have said of them since."""
    doubts = Attempt.objects.filter(MAY_BE_THERE, provider=provider)
    near = doubts.filter(started_at__gte=stretch.since, started_at__lte=stretch.high.ended_at)
    return set(near.values_list(Coalesce("expected_cost", "order__expected_cost"), flat=True))


def _may_be_one(row: OrderStatus, costs: set[Decimal]) -> bool:
    """Also where the charge says nothing: it was reduced at the end, or is not told."""
    return bool(costs) and (row.word in WEAK or not row.charge or row.charge in costs)
