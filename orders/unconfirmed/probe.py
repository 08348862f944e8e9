"""Search the provider for unconfirmed orders and decide by the evidence. Called by its task.

It confirms orders that were clearly placed, where the owner allowed that; it never sends again and never refunds. All
other orders move to REVIEW, where a person decides with the evidence.
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
from django.utils.translation import gettext as _
from structlog.contextvars import bound_contextvars

from orders.core import safe_mode
from orders.core.change import lock_orders, write
from orders.models import Attempt, Order, Probe
from orders.rules.states import POSSIBLY_PLACED, State
from orders.unconfirmed.decisions import CannotResolveError, confirm_by_evidence
from orders.unconfirmed.evidence import Decision, Scan, Window, decide_by_scan, window_of
from orders.unconfirmed.reference_ids import (
    NotNumbersError,
    placed_child_orders,
    reference_orders,
    settling_delay,
    unmatched_ids,
)
from orders.unconfirmed.scan import CONTROLS, OutOfTimeError, Scanner
from orders.unconfirmed.unmatched_search import latest_unmatched_id
from panel.lib.crypto import SealError
from providers.adapters.errors import RetryLater
from providers.connection.connect import connected
from providers.models import Provider

log = logging.getLogger(__name__)

PROBE_EVERY = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(minutes=30)
"""After the settling delay; an order that is undecided by then goes to REVIEW."""
CALLS_PER_RUN = 10
"""A run begins no further probe of a provider after this many calls; runs are half a minute apart."""
MAX_CALLS = 20
"""Calls per unconfirmed order, all probes together."""
EARLY_CALLS = 6
"""Calls while the order can be found, but not yet be ruled out."""


PROBES_BEGIN_FOR, CALLS_BEGIN_FOR = 30, 55
"""Seconds of a run. The last call's deadline ends before the claim of its probe, and before the task is stopped."""


@dataclass(slots=True)
class RunCalls:
    """The calls of one run at one provider. None begins after `until`, on the monotonic clock."""

    until: float
    calls: int = 0
    unreached: bool = False


@dataclass(slots=True)
class ProbeRunResult:
    """The result of a run, in orders."""

    probed: int = 0
    adopted: int = 0
    for_review: int = 0


def probe_unconfirmed(*, now: datetime) -> ProbeRunResult:
    """Probe what is due, at every provider in turn."""
    total = ProbeRunResult()
    for provider in providers_due(now=now):
        done, _ = probe_provider(provider=provider, now=now)
        total.probed += done.probed
        total.adopted += done.adopted
        total.for_review += done.for_review
    return total


def providers_due(*, now: datetime) -> list[Provider]:
    """The providers with unconfirmed orders due to be probed; none in safe mode."""
    if safe_mode.is_on():
        return []
    _open_probes(now)
    due = Probe.objects.filter(_is_due(now)).values("attempt__order__provider")
    return list(Provider.objects.filter(pk__in=due).order_by("pk"))


def probe_provider(*, provider: Provider, now: datetime) -> tuple[ProbeRunResult, RunCalls]:
    """Probe what is due at one provider, the longest due first, until it cannot be asked or the time is over."""
    result, run = ProbeRunResult(), RunCalls(until=time.monotonic() + CALLS_BEGIN_FOR)
    if safe_mode.is_on():
        return result, run
    last_start = time.monotonic() + PROBES_BEGIN_FOR
    here = Probe.objects.filter(_is_due(now), attempt__order__provider=provider)
    for probe in here.select_related("attempt__order").order_by("next_at", "pk"):
        if run.calls >= CALLS_PER_RUN or run.unreached or time.monotonic() >= last_start:
            break
        if _claim(probe, now):
            with bound_contextvars(order=probe.attempt.order_id):
                _probe(probe, provider, run, now, result)
    return result, run


def _is_due(now: datetime) -> Q:
    """Whether a probe is due; a time beyond any pause was set while the clock was ahead."""
    longest = timedelta(seconds=settings.SETTLE_SECONDS) + GIVE_UP_AFTER
    return Q(next_at__lte=now) | Q(next_at__gt=now + longest)


def _claim(probe: Probe, now: datetime) -> bool:
    """Move the probe's due time, so that no other worker takes it. False where another one did."""
    until = now + PROBE_EVERY
    if not Probe.objects.filter(pk=probe.pk, next_at=probe.next_at).update(next_at=until):
        return False
    probe.next_at = until
    return True


def _open_probes(now: datetime) -> None:
    """Open a probe for every unconfirmed order whose answer can no longer come."""
    doubtful = Attempt.objects.filter(
        outcome=Attempt.Outcome.UNKNOWN,
        probe=None,
        order__state=State.UNCONFIRMED,
        lease_until__lte=now,
    ).exclude(order__provider__probing=Provider.Probing.OFF)
    Probe.objects.bulk_create(
        [Probe(attempt=attempt, next_at=now) for attempt in doubtful.order_by("pk")[:1000]], ignore_conflicts=True
    )


def _probe(probe: Probe, provider: Provider, run: RunCalls, now: datetime, result: ProbeRunResult) -> None:
    order = probe.attempt.order
    if order.state != State.UNCONFIRMED:  # decided in the meantime
        _close(probe, now)
        return
    result.probed += 1
    settle, calls_before = settling_delay(provider=provider), probe.calls
    try:
        decision = _decide(probe, provider, run, settle)
    except (RetryLater, SealError, OutOfTimeError) as problem:
        decision = Decision("wait", _("The provider could not be asked: %(error)s") % {"error": problem})
        run.unreached = True
    run.calls += probe.calls - calls_before
    if decision.outcome == "wait" and now - probe.attempt.started_at > settle + GIVE_UP_AFTER:
        decision = Decision("undecided", _("Undecided after the time limit. %(reason)s") % {"reason": decision.reason})
    if decision.outcome == "wait":
        probe.reason, probe.next_at = decision.reason[:300], now + PROBE_EVERY
        if decision.settled:
            probe.next_at = max(probe.next_at, probe.attempt.started_at + settle)
        probe.verdict = probe.candidate = ""  # an earlier decision that was not carried out no longer holds
        probe.save()
    else:
        _end(probe, provider, decision, now, result)


def _decide(probe: Probe, provider: Provider, run: RunCalls, settle: timedelta) -> Decision:
    """Scan once; sets the probe's counts, which the caller saves. Raises RetryLater, SealError, OutOfTimeError."""
    attempt, order = probe.attempt, probe.attempt.order
    try:
        references = reference_orders(attempt=attempt, settle=settle)
    except NotNumbersError:
        return Decision("undecided", _("The provider's order IDs are not all numbers."))
    window = window_of(before=references[0], after=references[1], settled=references[2])
    if isinstance(window, Decision):
        return window
    lowest = max(references[0], key=lambda reference: reference.number)
    if placed_child_orders(provider=provider, since=lowest.started_at):
        return Decision(
            "undecided", _("Drip-feeds or subscriptions run there, and the IDs of their parts are unknown.")
        )
    rival = _rival(attempt, provider, since=lowest.started_at - settle)
    if rival is not None:
        text = _("Order #%(order)s is unconfirmed too and costs the same: an ID could be of either.")
        return Decision("undecided", text % {"order": rival})
    probe.low, probe.high = window.low, window.high
    scan = _scan(
        probe, provider, window, run, controls=sorted(reference.number for reference in references[0])[-CONTROLS:]
    )
    if isinstance(scan, Decision):
        return scan
    probe.scans += 1
    decision = decide_by_scan(
        window=window,
        scan=scan,
        expected_cost=order.expected_cost,
        currency=order.provider_currency,
        clean_scans=probe.clean_scans,
        other_costs=_other_costs(order),
    )
    if scan.is_complete and not scan.found and window.is_settled:
        probe.clean_scans += 1
    return decision


def _scan(
    probe: Probe, provider: Provider, window: Window, run: RunCalls, *, controls: Sequence[int]
) -> Scan | Decision:
    """Scan every ID of the window that is not an order of ours, or decide where that is not possible (any more)."""
    unknown = unmatched_ids(provider=provider, ids=list(map(str, window.numbers())), exclude=probe.attempt)
    with connected(provider) as adapter:
        scanner = Scanner(adapter, list(map(str, controls)), spare=MAX_CALLS - probe.calls, until=run.until)
        scanner.spare -= scanner.calls_for(len(unknown))
        if scanner.spare < 0:
            text = _("No proof after %(count)s calls. %(reason)s")
            return Decision("undecided", text % {"count": probe.calls, "reason": probe.reason})
        if not window.is_settled and probe.calls >= EARLY_CALLS:
            return Decision("wait", _("No later order of yours shows yet that it can no longer appear."))
        try:
            scan = scanner.ask(unknown)
        finally:
            probe.calls += scanner.calls
    found = [row.external_id for row in scan.found]
    still = unmatched_ids(provider=provider, ids=found, exclude=probe.attempt)  # others were linked meanwhile
    return replace(scan, found=[row for row in scan.found if row.external_id in still])


def _rival(attempt: Attempt, provider: Provider, *, since: datetime) -> int | None:
    """Another unconfirmed order of the same cost whose ID may be in the window.

    It may be in flight, UNCONFIRMED or in REVIEW, or refunded while unconfirmed. An order whose ID the evidence has
    named does not count.
    """
    doubtful = Attempt.objects.filter(provider=provider, outcome=Attempt.Outcome.UNKNOWN)
    near = doubtful.filter(order__expected_cost=attempt.order.expected_cost, started_at__gte=since)
    unnamed = near.exclude(order=attempt.order_id).exclude(probe__verdict=Probe.Verdict.PLACED)
    return unnamed.order_by("pk").values_list("order", flat=True).first()


def _other_costs(order: Order) -> set[Decimal]:
    """The expected costs of the other orders that this provider may have without our knowing."""
    others = Order.objects.filter(provider=order.provider_id, state__in=POSSIBLY_PLACED).exclude(pk=order.pk)
    return set(others.values_list("expected_cost", flat=True))


def _end(probe: Probe, provider: Provider, decision: Decision, now: datetime, result: ProbeRunResult) -> None:
    """Save the decision; confirm the order where it was clearly placed and that is allowed, else hand it to a person.

    The probe stays due until that is done, so a worker that dies in between leaves no order behind.
    """
    probe.verdict, probe.candidate = Probe.Verdict(decision.outcome), decision.candidate
    probe.reason = decision.reason[:300]
    probe.save()
    _carry_out(probe, provider, decision, now, result)
    _close(probe, now)


def _close(probe: Probe, now: datetime) -> None:
    Probe.objects.filter(pk=probe.pk).update(next_at=None, ended_at=now)


def _carry_out(probe: Probe, provider: Provider, decision: Decision, now: datetime, result: ProbeRunResult) -> None:
    order_id, reason = probe.attempt.order_id, decision.reason
    if decision.outcome == "placed" and provider.probing == Provider.Probing.ADOPT and provider.may_adopt:
        unmatched = latest_unmatched_id(provider=provider, now=now)
        if unmatched:
            text = _("%(reason)s But the provider also has the unknown order %(id)s, so a person decides.")
            reason = text % {"reason": reason, "id": unmatched}
        elif _adopt(order_id, decision):
            result.adopted += 1
            return
    result.for_review += _hand_over(order_id, reason, now)


def _adopt(order_id: int, decision: Decision) -> bool:
    try:
        confirm_by_evidence(order_id=order_id, provider_order_id=decision.candidate, reason=decision.reason)
    except CannotResolveError as problem:
        log.warning("evidence not carried out", extra={"why": str(problem)})
        return False
    return True


def _hand_over(order_id: int, reason: str, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=now)[order_id]
        if change.state != State.UNCONFIRMED:
            return False
        change.to(State.REVIEW, what="evidence", reason=reason)
        write([change])
    return True
