"""Look at the provider for orders whose fate is unknown, and say what was found. Called by its task.

By itself it adopts what was clearly placed, where the operator allowed that; it never sends again and never gives
money back. All else it puts before a person, with the evidence: the order is then in REVIEW.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from structlog.contextvars import bound_contextvars

from orders import safe_mode
from orders.change import lock_orders, write
from orders.evidence import Judgement, Landmark, Scan, Window, joined, judge, read_scan, window_of
from orders.models import Attempt, Order, Probe
from orders.resolve import CannotResolveError, evidence_shows_it
from orders.states import AT_RISK, State
from orders.subscription import TYPE as SUBSCRIPTIONS
from panel.lib.crypto import SealError
from providers.adapters.base import ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.connect import connected
from providers.models import Provider

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(minutes=30)
"""Beyond the time to settle; what is not decided by then is a person's."""
LANDMARKS = 50
CONTROLS = 2


@dataclass(slots=True)
class Probed:
    """What a run came to, in orders."""

    looked: int = 0
    adopted: int = 0
    for_review: int = 0


def probe_doubts(*, now: datetime) -> Probed:
    """Look into what is due: one order of each provider a run, so that none is asked too often."""
    result = Probed()
    if safe_mode.is_on():
        return result
    _open_probes(now)
    seen: set[int] = set()
    due = Probe.objects.filter(next_at__lte=now).select_related("attempt__order__provider").order_by("next_at", "pk")
    for probe in due:
        provider = probe.attempt.order.provider
        if provider.pk in seen:
            continue
        seen.add(provider.pk)
        with bound_contextvars(order=probe.attempt.order_id):
            _look_into(probe, provider, now, result)
    return result


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


def _look_into(probe: Probe, provider: Provider, now: datetime, result: Probed) -> None:
    order = probe.attempt.order
    if order.state != State.UNCONFIRMED:  # decided in the meantime
        _close(probe, now)
        return
    result.looked += 1
    settle = _settle(provider)
    judgement = _judged(probe, provider, settle, now)
    if judgement.word == "wait" and now - probe.attempt.started_at > settle + GIVE_UP_AFTER:
        judgement = Judgement("undecided", f"Not decided in time. {judgement.why}")
    if judgement.word == "wait":
        probe.next_at, probe.why = now + LOOK_EVERY, judgement.why[:300]
        probe.verdict = probe.candidate = ""  # one that was not carried out holds no longer
        probe.save()
        return
    _end(probe, provider, judgement, now, result)


def _judged(probe: Probe, provider: Provider, settle: timedelta, now: datetime) -> Judgement:
    """One look; the probe's figures are set, and saved by the caller."""
    order = probe.attempt.order
    if _has_children(provider):
        return Judgement("undecided", "Drip-feeds or subscriptions run there: their parts have ids we do not know.")
    try:
        marks = _landmarks(probe.attempt, provider, settle)
    except ValueError:
        return Judgement("undecided", "Its ids are not all numbers.")
    window = window_of(before=marks[0], after=marks[1], settled=marks[2])
    if isinstance(window, Judgement):
        return window
    rival = _rival(probe.attempt, provider, since=max(marks[0], key=lambda mark: mark.number).started_at)
    if rival is not None:
        return Judgement("undecided", f"Order {rival} costs the same and is in doubt too: an id could be either's.")
    probe.low, probe.high = window.low, window.high
    try:
        scan = _scan(probe, provider, window, controls=sorted(mark.number for mark in marks[0])[-CONTROLS:])
    except (RetryLater, SealError) as problem:
        return Judgement("wait", f"The provider could not be asked: {problem}")
    found = judge(
        window=window,
        scan=scan,
        expected_cost=order.expected_cost,
        currency=order.provider_currency,
        clean_scans=probe.clean_scans,
        other_costs=_other_costs(order),
    )
    probe.scans += 1
    if scan.is_complete and not scan.found and window.is_settled:
        probe.clean_scans += 1
    return found


def _scan(probe: Probe, provider: Provider, window: Window, *, controls: Sequence[int]) -> Scan:
    """Ask for every id of the window that is not an order of ours, our own ones in between."""
    numbers = [str(number) for number in window.numbers()]
    ours = set(
        Order.objects.filter(provider=provider, provider_order_id__in=numbers).values_list(
            "provider_order_id", flat=True
        )
    )
    unknown = [number for number in numbers if number not in ours]
    with connected(provider) as adapter:
        return joined([_ask(probe, adapter, batch, list(map(str, controls))) for batch in _batches(adapter, unknown)])


def _ask(probe: Probe, adapter: ProviderAdapter, batch: Sequence[str], controls: list[str]) -> Scan:
    probe.calls += 1
    answers: Any = adapter.statuses(order_ids=[*batch, *controls])
    return read_scan(asked=batch, controls=controls, answers=answers)


def _batches(adapter: ProviderAdapter, ids: Sequence[str]) -> list[Sequence[str]]:
    """At least one: our own ids are asked for in any case."""
    size = adapter.batch_size - CONTROLS
    return [ids[start : start + size] for start in range(0, len(ids), size)] or [[]]


def _landmarks(
    attempt: Attempt, provider: Provider, settle: timedelta
) -> tuple[list[Landmark], list[Landmark], list[Landmark]]:
    """Ours before the attempt, after it, and so long after it that nothing of it can still come."""
    placed = Attempt.objects.filter(provider=provider, outcome=Attempt.Outcome.PLACED, ended_at__isnull=False)
    before = placed.filter(ended_at__lte=attempt.started_at).order_by("-started_at")
    after = placed.filter(started_at__gte=attempt.lease_until).order_by("started_at")
    settled = placed.filter(started_at__gte=attempt.started_at + settle).order_by("started_at")
    return _marks(before), _marks(after), _marks(settled)


def _rival(attempt: Attempt, provider: Provider, *, since: datetime) -> int | None:
    """Another order of the same cost whose id may be in the window.

    Of one cost, one is in flight or UNCONFIRMED at a time; but before it there may be those in REVIEW, and those
    whose money was given back while nobody knew.
    """
    doubtful = Attempt.objects.filter(provider=provider, outcome=Attempt.Outcome.UNKNOWN)
    near = doubtful.filter(order__expected_cost=attempt.order.expected_cost, started_at__gte=since - _settle(provider))
    return near.exclude(order=attempt.order_id).order_by("pk").values_list("order", flat=True).first()


def _other_costs(order: Order) -> set[Decimal]:
    """What the other orders that may be at this provider without our knowing cost there."""
    others = Order.objects.filter(provider=order.provider_id, state__in=AT_RISK).exclude(pk=order.pk)
    return set(others.values_list("expected_cost", flat=True))


def _marks(attempts: QuerySet[Attempt]) -> list[Landmark]:
    rows = attempts.values_list("started_at", "ended_at", "order__provider_order_id")[:LANDMARKS]
    return [Landmark(started, ended, _number(text)) for started, ended, text in rows if ended is not None]


def _number(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError("no number")
    return int(text)


def _settle(provider: Provider) -> timedelta:
    """How long after an attempt its order could still appear: thrice the slowest of the last ones, or the setting."""
    lately = Attempt.objects.filter(provider=provider, outcome=Attempt.Outcome.PLACED).order_by("-started_at")
    times = lately.values_list("started_at", "ended_at")[:LANDMARKS]
    slowest = max((ended - started for started, ended in times if ended is not None), default=timedelta())
    return max(timedelta(seconds=settings.SETTLE_SECONDS), 3 * slowest)


def _has_children(provider: Provider) -> bool:
    """Whether orders run there that place further ones under our key."""
    running = Order.objects.filter(provider=provider, state=State.ACTIVE)
    return running.filter(Q(type=SUBSCRIPTIONS) | Q(fields__has_key="runs")).exists()


def _end(probe: Probe, provider: Provider, judgement: Judgement, now: datetime, result: Probed) -> None:
    """Write the verdict; adopt what was clearly placed where that is allowed, else a person decides.

    The probe stays due until that is done: a worker that dies in between leaves no order to which nobody comes.
    """
    probe.verdict, probe.candidate = Probe.Verdict(judgement.word), judgement.candidate
    probe.why = judgement.why[:300]
    probe.save()
    _carry_out(probe, provider, judgement, now, result)
    _close(probe, now)


def _close(probe: Probe, now: datetime) -> None:
    Probe.objects.filter(pk=probe.pk).update(next_at=None, ended_at=now)


def _carry_out(probe: Probe, provider: Provider, judgement: Judgement, now: datetime, result: Probed) -> None:
    order_id = probe.attempt.order_id
    if judgement.word == "placed" and provider.probing == Provider.Probing.ADOPT and provider.may_adopt:
        try:
            evidence_shows_it(order_id=order_id, provider_order_id=judgement.candidate, why=judgement.why)
        except CannotResolveError as problem:
            log.warning("evidence not carried out", extra={"why": str(problem)})
        else:
            result.adopted += 1
            return
    result.for_review += _hand_over(order_id, judgement.why, now)


def _hand_over(order_id: int, why: str, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=now)[order_id]
        if change.state != State.UNCONFIRMED:
            return False
        change.to(State.REVIEW, what="evidence", why=why)
        write([change])
    return True
