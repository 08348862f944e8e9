"""Search the IDs between our own for provider orders under our key that match no order here. Called by its task.

Such an order was placed and lost here, or placed by hand or by another panel with the same key; or the provider answers
for everybody's orders. Evidence alone cannot be trusted at that provider then: an ID could be of somebody else's order.
A person decides what it is, on the page of safe mode (orders/unconfirmed/restore_search.py).
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
from orders.unconfirmed.evidence import WEAK, ReferenceOrder, Scan
from orders.unconfirmed.reference_ids import (
    NotNumbersError,
    latest_reference_orders,
    placed_child_orders,
    reference_order,
    settling_delay,
    unmatched_ids,
)
from orders.unconfirmed.scan import CONTROLS, OutOfTimeError, Scanner
from panel.lib.crypto import SealError
from panel.lib.database.each_row import each_apart
from providers.adapters.base import OrderStatus, ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.connection.connect import connected
from providers.models import Provider

log = logging.getLogger(__name__)

MAX_CALLS = 10
"""Calls per provider and run; where more IDs have come since the last run, the older ones are skipped."""
CALLS_BEGIN_FOR = 55
"""Seconds: the last call's deadline ends before the task is stopped."""
MAX_KEPT = 3
"""Orders kept per search: a provider that answers for everybody must be noticed, not copied."""
TRUSTED_AGAIN_AFTER = timedelta(days=30)


@dataclass(slots=True)
class UnmatchedSearchResult:
    """The result of a run: IDs asked for, unmatched orders found, providers without a complete answer."""

    asked: int = 0
    found: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class IdRange:
    """The IDs strictly between two orders of ours, which no later order can get.

    They were given to attempts that began at `since` or later.
    """

    low: ReferenceOrder
    high: ReferenceOrder
    controls: Sequence[str]
    since: datetime


def search_unmatched_orders(*, now: datetime) -> UnmatchedSearchResult:
    """Search the IDs that have come since the last run, at every provider in turn."""
    result = UnmatchedSearchResult()
    job = partial(_search, now=now, result=result)
    pks = [provider.pk for provider in providers_due()]
    each_apart(job, pks, row="provider", what="unmatched orders not searched")
    return result


def providers_due() -> list[Provider]:
    """The providers whose unconfirmed orders are probed; none in safe mode."""
    if safe_mode.is_on():
        return []
    return list(Provider.objects.filter(is_active=True).exclude(probing=Provider.Probing.OFF).order_by("pk"))


def search_provider(*, provider: Provider, now: datetime) -> UnmatchedSearchResult:
    """Search one provider."""
    result = UnmatchedSearchResult()
    if not safe_mode.is_on():
        _search(provider.pk, now=now, result=result)
    return result


def latest_unmatched_id(*, provider: Provider, now: datetime) -> str:
    """The ID of an order found there in the last 30 days that matches none of ours; empty where there is none."""
    lately = UnmatchedOrder.objects.filter(provider=provider, found_at__gte=now - TRUSTED_AGAIN_AFTER)
    strange = lately.exclude(verdict=UnmatchedOrder.Verdict.ADOPTED).order_by("-found_at", "-pk")
    return strange.values_list("external_id", flat=True).first() or ""


def _search(provider_id: int, *, now: datetime, result: UnmatchedSearchResult) -> bool:
    """Search the provider's new IDs; whether all of them are known now."""
    provider = Provider.objects.get(pk=provider_id)
    try:
        id_range = _next_range(provider, now)
    except NotNumbersError:
        return False
    if id_range is None:
        return False
    if not placed_child_orders(provider=provider, since=id_range.low.started_at):
        found = _answered(provider, id_range, result)
        if found is None:
            result.unanswered += 1
            return False
        if found:  # else nothing needs an explanation, and the attempts are many
            result.found += _keep(provider, id_range, found)
    Provider.objects.filter(pk=provider_id).update(ids_seen_to=id_range.high.number)
    return True


def _answered(provider: Provider, id_range: IdRange, result: UnmatchedSearchResult) -> Sequence[OrderStatus] | None:
    """The orders in the range under our key; None where the provider did not answer for all of it."""
    try:
        scan = _scan(provider, id_range)
    except (RetryLater, SealError, OutOfTimeError) as problem:
        log.info("unmatched orders not searched", extra={"provider": provider.pk, "why": str(problem)})
        return None
    result.asked += scan.asked
    return scan.found if scan.is_complete else None


def _next_range(provider: Provider, now: datetime) -> IdRange | None:
    """From the end of the last run, at most as far back as a run can scan, up to what can no longer change."""
    settle = settling_delay(provider=provider)
    references = latest_reference_orders(provider=provider, until=now - settle)
    references.sort(key=lambda reference: reference.number)
    if len(references) <= CONTROLS:
        return None
    high = references[-1]
    reach = high.number - MAX_CALLS * (ProviderAdapter.batch_size - CONTROLS)
    seen_to = provider.ids_seen_to or 0
    low = reference_order(provider=provider, number=seen_to) if seen_to >= reach else None
    if low is None:
        low = next((reference for reference in references if reference.number >= max(reach, seen_to)), high)
    if low.number >= high.number:
        return None
    return IdRange(
        low, high, [str(reference.number) for reference in references[-CONTROLS:]], since=low.started_at - settle
    )


def _scan(provider: Provider, id_range: IdRange) -> Scan:
    numbers = [str(number) for number in range(id_range.low.number + 1, id_range.high.number)]
    unknown = unmatched_ids(provider=provider, ids=numbers)
    with connected(provider) as adapter:
        until = time.monotonic() + CALLS_BEGIN_FOR
        return Scanner(adapter, id_range.controls, spare=MAX_CALLS, until=until).ask(unknown)


def _keep(provider: Provider, id_range: IdRange, found: Sequence[OrderStatus]) -> int:
    """Keep what no order explains; how many of them are new."""
    still = unmatched_ids(provider=provider, ids=[row.external_id for row in found])  # others were linked meanwhile
    costs = _unconfirmed_costs(provider, id_range)
    strange = [row for row in found if row.external_id in still and not _may_be_unconfirmed(row, costs)]
    new = [row for row in strange[:MAX_KEPT] if keep_unmatched_order(provider=provider, row=row)]
    if new:
        follow_unmatched_orders(provider_id=provider.pk)
    return len(new)


def _unconfirmed_costs(provider: Provider, id_range: IdRange) -> set[Decimal]:
    """The costs of orders that may exist there without our knowing, whatever was decided on them since."""
    attempts = Attempt.objects.filter(MAY_BE_THERE, provider=provider)
    near = attempts.filter(started_at__gte=id_range.since, started_at__lte=id_range.high.ended_at)
    return set(near.values_list(Coalesce("expected_cost", "order__expected_cost"), flat=True))


def _may_be_unconfirmed(row: OrderStatus, costs: set[Decimal]) -> bool:
    """Whether it may be one of those orders; also where its charge was reduced at the end, or is not reported."""
    return bool(costs) and (row.word in WEAK or not row.charge or row.charge in costs)
