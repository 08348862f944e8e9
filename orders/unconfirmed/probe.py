"""Look at the provider for orders whose fate is unknown, and say what was found. Called by its task.

By itself it adopts what was clearly placed, where the operator allowed that; it never sends again and never gives
money back. All else it puts before a person, with the evidence: the order is then in REVIEW.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from structlog.contextvars import bound_contextvars

from orders.core import safe_mode
from orders.core.change import lock_orders, write
from orders.models import Attempt, Order, Probe
from orders.rules.states import POSSIBLY_PLACED, State
from orders.unconfirmed.decisions import CannotResolveError, evidence_shows_it
from orders.unconfirmed.evidence import Judgement, Scan, Window, judge, window_of
from orders.unconfirmed.reference_ids import NotNumbersError, had_parts, landmarks, time_to_settle, unknown_among
from orders.unconfirmed.scan import CONTROLS, OutOfTimeError, Scanner
from orders.unconfirmed.unmatched_search import latest_stray
from panel.lib.crypto import SealError
from providers.adapters.errors import RetryLater
from providers.connection.connect import connected
from providers.models import Provider

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(minutes=30)
"""Beyond the time to settle; what is not decided by then is a person's."""
CALLS_A_RUN = 10
"""A provider is asked for no further doubt in a run after so many calls: runs are half a minute apart."""
MOST_CALLS = 20
"""What a doubt may cost in calls, all looks together."""
EARLY_CALLS = 6
"""What looks may cost at which it can be found, but not yet be ruled out."""


LOOKS_BEGIN_FOR, CALLS_BEGIN_FOR = 30, 55
"""Seconds of a run. The last call's deadline ends before the claim of its look, and before the task is stopped."""


@dataclass(slots=True)
class Looks:
    """The calls of one run at one provider. None begins after `until`, on the monotonic clock."""

    until: float
    calls: int = 0
    unreached: bool = False


@dataclass(slots=True)
class Probed:
    """What a run came to, in orders."""

    looked: int = 0
    adopted: int = 0
    for_review: int = 0


def probe_doubts(*, now: datetime) -> Probed:
    """Look into what is due, at every provider in turn."""
    total = Probed()
    for provider in providers_due(now=now):
        done, _ = probe_provider(provider=provider, now=now)
        total.looked += done.looked
        total.adopted += done.adopted
        total.for_review += done.for_review
    return total


def providers_due(*, now: datetime) -> list[Provider]:
    """The providers with doubts that are due to be looked into; none in safe mode."""
    if safe_mode.is_on():
        return []
    _open_probes(now)
    due = Probe.objects.filter(_is_due(now)).values("attempt__order__provider")
    return list(Provider.objects.filter(pk__in=due).order_by("pk"))


def probe_provider(*, provider: Provider, now: datetime) -> tuple[Probed, Looks]:
    """Look into what is due at one provider, the longest due first, until it cannot be asked or the time is over."""
    result, looks = Probed(), Looks(until=time.monotonic() + CALLS_BEGIN_FOR)
    if safe_mode.is_on():
        return result, looks
    last_look = time.monotonic() + LOOKS_BEGIN_FOR
    here = Probe.objects.filter(_is_due(now), attempt__order__provider=provider)
    for probe in here.select_related("attempt__order").order_by("next_at", "pk"):
        if looks.calls >= CALLS_A_RUN or looks.unreached or time.monotonic() >= last_look:
            break
        if _claim(probe, now):
            with bound_contextvars(order=probe.attempt.order_id):
                _look_into(probe, provider, looks, now, result)
    return result, looks


def _is_due(now: datetime) -> Q:
    """A next look that lies beyond any pause was set while the clock was ahead."""
    longest = timedelta(seconds=settings.SETTLE_SECONDS) + GIVE_UP_AFTER
    return Q(next_at__lte=now) | Q(next_at__gt=now + longest)


def _claim(probe: Probe, now: datetime) -> bool:
    """Move its next look, so that nobody looks beside us. False where another one did."""
    until = now + LOOK_EVERY
    if not Probe.objects.filter(pk=probe.pk, next_at=probe.next_at).update(next_at=until):
        return False
    probe.next_at = until
    return True


def _open_probes(now: datetime) -> None:
    """A probe for every doubt whose answer can no longer come."""
    doubtful = Attempt.objects.filter(
        outcome=Attempt.Outcome.UNKNOWN,
        probe=None,
        order__state=State.UNCONFIRMED,
        lease_until__lte=now,
    ).exclude(order__provider__probing=Provider.Probing.OFF)
    Probe.objects.bulk_create(
        [Probe(attempt=attempt, next_at=now) for attempt in doubtful.order_by("pk")[:1000]], ignore_conflicts=True
    )


def _look_into(probe: Probe, provider: Provider, looks: Looks, now: datetime, result: Probed) -> None:
    order = probe.attempt.order
    if order.state != State.UNCONFIRMED:  # decided in the meantime
        _close(probe, now)
        return
    result.looked += 1
    settle, calls_before = time_to_settle(provider=provider), probe.calls
    try:
        judgement = _judged(probe, provider, looks, settle)
    except (RetryLater, SealError, OutOfTimeError) as problem:
        judgement = Judgement("wait", f"The provider could not be asked: {problem}")
        looks.unreached = True
    looks.calls += probe.calls - calls_before
    if judgement.word == "wait" and now - probe.attempt.started_at > settle + GIVE_UP_AFTER:
        judgement = Judgement("undecided", f"Not decided in time. {judgement.why}")
    if judgement.word == "wait":
        probe.reason, probe.next_at = judgement.why[:300], now + LOOK_EVERY
        if judgement.settled:
            probe.next_at = max(probe.next_at, probe.attempt.started_at + settle)
        probe.verdict = probe.candidate = ""  # one that was not carried out holds no longer
        probe.save()
    else:
        _end(probe, provider, judgement, now, result)


def _judged(probe: Probe, provider: Provider, looks: Looks, settle: timedelta) -> Judgement:
    """One look; the probe's figures are set, and saved by the caller. Raises RetryLater, SealError, OutOfTimeError."""
    attempt, order = probe.attempt, probe.attempt.order
    try:
        marks = landmarks(attempt=attempt, settle=settle)
    except NotNumbersError:
        return Judgement("undecided", "Its ids are not all numbers.")
    window = window_of(before=marks[0], after=marks[1], settled=marks[2])
    if isinstance(window, Judgement):
        return window
    lowest = max(marks[0], key=lambda mark: mark.number)
    if had_parts(provider=provider, since=lowest.started_at):
        return Judgement("undecided", "Drip-feeds or subscriptions run there: their parts have ids we do not know.")
    rival = _rival(attempt, provider, since=lowest.started_at - settle)
    if rival is not None:
        return Judgement("undecided", f"Order {rival} costs the same and is in doubt too: an id could be either's.")
    probe.low, probe.high = window.low, window.high
    scan = _scan(probe, provider, window, looks, controls=sorted(mark.number for mark in marks[0])[-CONTROLS:])
    if isinstance(scan, Judgement):
        return scan
    probe.scans += 1
    found = judge(
        window=window,
        scan=scan,
        expected_cost=order.expected_cost,
        currency=order.provider_currency,
        clean_scans=probe.clean_scans,
        other_costs=_other_costs(order),
    )
    if scan.is_complete and not scan.found and window.is_settled:
        probe.clean_scans += 1
    return found


def _scan(
    probe: Probe, provider: Provider, window: Window, looks: Looks, *, controls: Sequence[int]
) -> Scan | Judgement:
    """Ask for every id of the window that is not an order of ours, or say why that is not done (any more)."""
    unknown = unknown_among(provider=provider, ids=list(map(str, window.numbers())), but=probe.attempt)
    with connected(provider) as adapter:
        scanner = Scanner(adapter, list(map(str, controls)), spare=MOST_CALLS - probe.calls, until=looks.until)
        scanner.spare -= scanner.calls_for(len(unknown))
        if scanner.spare < 0:
            return Judgement("undecided", f"{probe.calls} calls brought no proof. {probe.reason}")
        if not window.is_settled and probe.calls >= EARLY_CALLS:
            return Judgement("wait", "No later order of ours shows yet that it cannot appear any more.")
        try:
            scan = scanner.ask(unknown)
        finally:
            probe.calls += scanner.calls
    found = [row.external_id for row in scan.found]
    still = unknown_among(provider=provider, ids=found, but=probe.attempt)  # others were linked meanwhile
    return replace(scan, found=[row for row in scan.found if row.external_id in still])


def _rival(attempt: Attempt, provider: Provider, *, since: datetime) -> int | None:
    """Another order of the same cost whose id may be in the window.

    Of one cost, one is in flight or UNCONFIRMED at a time; but before it there may be those in REVIEW, and those
    whose money was given back while nobody knew. Where evidence has named another's id, that one is not in question.
    """
    doubtful = Attempt.objects.filter(provider=provider, outcome=Attempt.Outcome.UNKNOWN)
    near = doubtful.filter(order__expected_cost=attempt.order.expected_cost, started_at__gte=since)
    unnamed = near.exclude(order=attempt.order_id).exclude(probe__verdict=Probe.Verdict.PLACED)
    return unnamed.order_by("pk").values_list("order", flat=True).first()


def _other_costs(order: Order) -> set[Decimal]:
    """What the other orders that may be at this provider without our knowing cost there."""
    others = Order.objects.filter(provider=order.provider_id, state__in=POSSIBLY_PLACED).exclude(pk=order.pk)
    return set(others.values_list("expected_cost", flat=True))


def _end(probe: Probe, provider: Provider, judgement: Judgement, now: datetime, result: Probed) -> None:
    """Write the verdict; adopt what was clearly placed where that is allowed, else a person decides.

    The probe stays due until that is done: a worker that dies in between leaves no order to which nobody comes.
    """
    probe.verdict, probe.candidate = Probe.Verdict(judgement.word), judgement.candidate
    probe.reason = judgement.why[:300]
    probe.save()
    _carry_out(probe, provider, judgement, now, result)
    _close(probe, now)


def _close(probe: Probe, now: datetime) -> None:
    Probe.objects.filter(pk=probe.pk).update(next_at=None, ended_at=now)


def _carry_out(probe: Probe, provider: Provider, judgement: Judgement, now: datetime, result: Probed) -> None:
    order_id, why = probe.attempt.order_id, judgement.why
    if judgement.word == "placed" and provider.probing == Provider.Probing.ADOPT and provider.may_adopt:
        stray = latest_stray(provider=provider, now=now)
        if stray:
            why = f"{why} But {stray} there is in no order here, so a person decides."
        elif _adopt(order_id, judgement):
            result.adopted += 1
            return
    result.for_review += _hand_over(order_id, why, now)


def _adopt(order_id: int, judgement: Judgement) -> bool:
    try:
        evidence_shows_it(order_id=order_id, provider_order_id=judgement.candidate, why=judgement.why)
    except CannotResolveError as problem:
        log.warning("evidence not carried out", extra={"why": str(problem)})
        return False
    return True


def _hand_over(order_id: int, why: str, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=now)[order_id]
        if change.state != State.UNCONFIRMED:
            return False
        change.to(State.REVIEW, what="evidence", reason=why)
        write([change])
    return True
