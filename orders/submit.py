"""Submit an order to its provider: claim it and commit, send with no transaction open, record in a second one.

`add` has no idempotency key. An attempt's row is committed before a byte is sent, at most one attempt of an order is
live, and what is neither provably placed nor provably not placed stays UNCONFIRMED until evidence or a person decides.
"""

import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, OperationalError, close_old_connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders import safe_mode
from orders.change import Change, lock_orders, write
from orders.high_water import MarkError
from orders.kinds import KINDS
from orders.models import Attempt, Order
from orders.record import Outcome, record_outcome
from orders.states import State
from panel.lib.crypto import SealError
from panel.lib.log_context import about_order
from panel.lib.money import charge_for, round_up
from providers.adapters.base import AddRequest
from providers.adapters.errors import NotPlaced, OutcomeUnknown, Refused
from providers.catalog.suppliers import upstream_of
from providers.connect import connected
from providers.gate import open_providers, pass_gate
from providers.models import Provider

log = logging.getLogger(__name__)

RECORD_TRIES = 5
PRICE_ROSE_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Claim:
    """An order that is ours to send: its attempt is committed."""

    order_id: int
    attempt_id: int
    provider: Provider
    request: AddRequest
    deadline: float
    """On the monotonic clock; before the attempt's lease ends by a wide margin."""


@about_order
def submit_order(*, order_id: int, even_early: bool = False) -> bool:
    """Send the order if it is due and its provider may be sent to; False when it was not sent now.

    With `even_early`, it need not be due yet.
    """
    claim = _claim(order_id, even_early)
    if claim is None:
        return False
    _record(claim, _send(claim))
    return True


def _claim(order_id: int, even_early: bool) -> Claim | None:
    if safe_mode.is_on_now():
        return None
    now = timezone.now()
    deadline = time.monotonic() + settings.ADD_DEADLINE_SECONDS
    queued = Order.objects.filter(pk=order_id, state=State.QUEUED).select_related("provider", "service")
    order = (queued if even_early else queued.filter(next_attempt_at__lte=now)).first()
    if order is None or _is_behind(order) or not pass_gate(provider_id=order.provider_id, now=now):
        return None
    try:
        with transaction.atomic(durable=True):
            change = lock_orders(order_ids=[order_id], now=now)[order_id]
            if change.state != State.QUEUED or _was_turned(change, order):
                return None
            if not _price_still_holds(change, order):
                write([change])
                return None
            attempt = _start_attempt(change, order.provider)
            write([change])
    except IntegrityError as error:
        if "gate_cost" in str(error) or "one_in_flight" in str(error):  # one of the same cost was quicker
            return None
        log.exception("attempt refused")  # another attempt is live: it may not be sent
        return None
    fields = {"service": order.provider_service, **order.fields}
    return Claim(order_id, attempt.pk, order.provider, AddRequest(fields), deadline)


def _is_behind(order: Order) -> bool:
    """Whether an order of the same cost is in flight or in doubt there: then a doubt could be about either."""
    if order.provider.probing == Provider.Probing.OFF:
        return False
    return Order.objects.filter(provider=order.provider_id, gate_cost=order.expected_cost).exists()


def _was_turned(change: Change, seen: Order) -> bool:
    """Whether the order went to another supplier since it was read: then it is the next run's."""
    order = change.order
    return (order.provider_id, order.provider_service) != (seen.provider_id, seen.provider_service)


def _price_still_holds(change: Change, seen: Order) -> bool:
    """Whether the order is still not sold below cost; where the price rose above it, it waits."""
    order = change.order
    upstream = upstream_of(provider_id=order.provider_id, external_id=order.provider_service)
    per_package = KINDS[order.type].is_per_package
    order.expected_cost = charge_for(rate=upstream.rate, quantity=order.quantity, per_package=per_package)
    is_at_loss = round_up(order.expected_cost * order.exchange_rate) > order.charge
    if is_at_loss and not seen.service.allow_below_cost:
        order.next_attempt_at = change.now + PRICE_ROSE_WAIT
        if order.attention != "price rose above the charge":
            order.attention = "price rose above the charge"
            change.note("attention", why=f"It would now cost {order.expected_cost} {order.provider_currency}.")
        return False
    return True


def _start_attempt(change: Change, provider: Provider) -> Attempt:
    order = change.order
    order.sent_at = change.now
    order.next_attempt_at = None
    if provider.probing != Provider.Probing.OFF:
        order.gate_cost = order.expected_cost
    change.to(State.SENDING, what="sent")
    return Attempt.objects.create(
        order=order,
        number=order.attempts.count() + 1,
        provider_id=order.provider_id,
        provider_service=order.provider_service,
        started_at=change.now,
        lease_until=change.now + timedelta(seconds=settings.LEASE_SECONDS),
    )


def _send(claim: Claim) -> Outcome:
    """The attempt is remembered before a byte of it is sent; where it cannot be, nothing is."""
    try:
        safe_mode.raise_mark(attempt=claim.attempt_id)
    except (safe_mode.HeldError, MarkError) as problem:
        return NotPlaced(_("Nothing was sent: %(why)s") % {"why": problem}, reason="safe_mode")
    try:
        with connected(claim.provider) as adapter:
            return adapter.add(request=claim.request, deadline=claim.deadline)
    except SealError as error:
        return NotPlaced(str(error), reason="key")
    except (Refused, NotPlaced, OutcomeUnknown) as outcome:
        return outcome


def _record(claim: Claim, outcome: Outcome) -> None:
    """Record, through a database that may be away for a moment: the provider's answer exists only here."""
    for attempt in range(1, RECORD_TRIES + 1):
        try:
            record_outcome(attempt_id=claim.attempt_id, outcome=outcome)
            return
        except OperationalError:
            found = getattr(outcome, "order_id", "")
            log.exception("outcome not recorded", extra={"provider_order_id": found})
            if attempt == RECORD_TRIES:
                raise
            time.sleep(2 ** (attempt - 1))
            close_old_connections()


def due_orders(*, now: datetime, everything: bool = False, most: int = 1000) -> list[list[int]]:
    """The queued orders that may be sent now, oldest first; with `everything`, also those that are to wait.

    They come in rows, each of one cost at one provider: of a row one is sent after the other.
    """
    queued = Order.objects.filter(state=State.QUEUED, provider__in=Provider.objects.filter(open_providers(now=now)))
    due = queued if everything else queued.filter(next_attempt_at__lte=now)
    rows: defaultdict[tuple[int, Decimal], list[int]] = defaultdict(list)
    columns = ("pk", "provider_id", "expected_cost")
    for pk, provider_id, cost in due.order_by("next_attempt_at", "pk").values_list(*columns)[:most]:
        rows[provider_id, cost].append(pk)
    return list(rows.values())
