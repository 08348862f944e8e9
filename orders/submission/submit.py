"""Submit an order to its provider: claim it and commit, send with no transaction open, record in a second one.

`add` has no idempotency key. An attempt's row is committed before a byte is sent, at most one attempt of an order is
live, and what is neither provably placed nor provably not placed stays UNCONFIRMED until evidence or a person decides.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import Error, IntegrityError, connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.core import safe_mode
from orders.core.change import Change, lock_orders, write
from orders.core.high_water import MarkError
from orders.models import Attempt
from orders.rules.states import State
from orders.submission.due import due_orders, is_behind_its_cost
from orders.submission.eligibility import keep_todays_exchange, provider_to_send_to
from orders.submission.record import Outcome, record_outcome
from panel.lib.crypto import SealError
from panel.lib.logs.context import about_order
from providers.adapters.base import AddRequest
from providers.adapters.errors import NotPlaced, OutcomeUnknown, Refused
from providers.availability.circuit_breaker import allow_request
from providers.connection.connect import connected
from providers.models import Provider

log = logging.getLogger(__name__)

RECORD_TRIES = 5


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
    if not due_orders(now=now, even_early=even_early).filter(pk=order_id).exists():  # without a lock
        return None
    try:
        with transaction.atomic(durable=True):
            change = lock_orders(order_ids=[order_id], now=now)[order_id]
            if change.state != State.QUEUED:
                return None
            provider = provider_to_send_to(change)
            if provider is None or is_behind_its_cost(change.order):
                write([change])
                return None
            if not allow_request(provider_id=provider.pk, now=now):  # the last question: it may be the one try
                return None
            keep_todays_exchange(change.order, provider)
            attempt = _start_attempt(change, provider)
            write([change])
    except IntegrityError as error:
        if "in_flight_cost" in str(error) or "one_in_flight" in str(error):  # one of the same cost was quicker
            return None
        log.exception("attempt refused")  # another attempt is live: it may not be sent
        return None
    fields = {"service": change.order.provider_service, **change.order.fields}
    return Claim(order_id, attempt.pk, provider, AddRequest(fields), deadline)


def _start_attempt(change: Change, provider: Provider) -> Attempt:
    order = change.order
    order.sent_at = change.now
    order.next_attempt_at = None
    if provider.probing != Provider.Probing.OFF:
        order.in_flight_cost = order.expected_cost
    change.to(State.SENDING, what="sent")
    return Attempt.objects.create(
        order=order,
        number=order.attempts.count() + 1,
        provider_id=order.provider_id,
        provider_service=order.provider_service,
        expected_cost=order.expected_cost,
        started_at=change.now,
        lease_until=change.now + timedelta(seconds=settings.LEASE_SECONDS),
    )


def _send(claim: Claim) -> Outcome:
    """The attempt is remembered before a byte of it is sent; where it cannot be, nothing is."""
    try:
        safe_mode.remember_attempt(attempt=claim.attempt_id)
    except (safe_mode.SafeModeError, MarkError) as problem:
        return NotPlaced(_("Nothing was sent: %(reason)s") % {"reason": problem}, reason="safe_mode")
    try:
        with connected(claim.provider) as adapter:
            return adapter.add(request=claim.request, deadline=claim.deadline)
    except SealError as error:
        return NotPlaced(str(error), reason="key")
    except (Refused, NotPlaced, OutcomeUnknown) as outcome:
        return outcome


def _record(claim: Claim, outcome: Outcome) -> None:
    """Record, through a database that may be away for a moment: the provider's answer exists only here.

    Whatever it fails with counts: one that has become a standby refuses to write with an error that is not operational.
    Each try has a connection of its own, which may lead to the database that took over.
    """
    for attempt in range(1, RECORD_TRIES + 1):
        try:
            record_outcome(attempt_id=claim.attempt_id, outcome=outcome)
            return
        except Error:
            found = getattr(outcome, "order_id", "")
            log.exception("outcome not recorded", extra={"provider_order_id": found})
            if attempt == RECORD_TRIES:
                raise
            time.sleep(2 ** (attempt - 1))
            connections.close_all()
