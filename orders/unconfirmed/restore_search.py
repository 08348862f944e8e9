"""Look for what was bought and is not in the books: orders of ours at a provider that belong to no order here.

After a restore from an older backup. Ids are asked for upwards from the highest that we know, until a long row of them
is not ours; a person says of each what it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.core.change import lock_orders, write
from orders.core.unmatched_orders import (
    answered_for,
    keep_unmatched_order,
    link_where_ordered,
    lock_unmatched_order,
    write_loss,
    write_verdict,
)
from orders.models import Attempt, Order, UnmatchedOrder
from orders.rules.states import UNCONFIRMED_STATES, State
from orders.tracking.settle import Houses, accept
from orders.unconfirmed.decisions import CannotResolveError, it_was_found
from orders.unconfirmed.reference_ids import NotNumbersError, number_of
from orders.unconfirmed.scan import CONTROLS, TRIES, Scanner
from panel.lib.money import plain
from providers.adapters.base import OrderStatus, ProviderAdapter
from providers.connection.connect import connected
from providers.models import Provider

QUIET = 1000
"""So many ids in a row that are not ours end the search."""
MOST_CALLS = 100
KNOWN = 50
SHOWN = 20
DECIDED = "That was decided already."


class CannotLookError(Exception):
    """Nothing can be told by looking; compare by hand. The message is for the person."""


@dataclass(slots=True)
class Looked:
    """What a search came to: ids asked for, calls, orphans found; complete when it ended by itself."""

    asked: int = 0
    calls: int = 0
    found: int = 0
    is_complete: bool = False


def find_orphans(*, provider: Provider, most_calls: int = MOST_CALLS, quiet: int = QUIET) -> Looked:
    """Search the ids above the highest known one. Raises CannotLookError, RetryLater or SealError.

    Each batch has two ids in it that are known to be ours: where one of them is not answered for, nothing is concluded.
    """
    known = _known_numbers(provider)
    result, last_found = Looked(), max(known)
    number = last_found + 1
    with connected(provider) as adapter:
        while result.calls < most_calls:
            batch = range(number, number + adapter.batch_size - CONTROLS)
            for row in _look(adapter, batch, known[:CONTROLS]):
                result.found += keep_unmatched_order(provider=provider, row=row)
                last_found = max(last_found, int(row.external_id))
            result.asked += len(batch)
            result.calls += 1
            number = batch.stop
            if number - last_found > quiet:
                result.is_complete = True
                break
    return result


def open_orphans() -> QuerySet[UnmatchedOrder]:
    """Those that nobody has decided about."""
    return UnmatchedOrder.objects.filter(verdict="").select_related("provider").order_by("pk")


def candidates(*, orphan: UnmatchedOrder) -> list[Order]:
    """The orders here that it could be: waiting or in doubt there, and of exactly its cost or told late of."""
    is_it = Q(pk=answered_for(orphan))
    if orphan.charge is not None:
        is_it |= Q(expected_cost=orphan.charge, provider_currency=orphan.currency)
    found = Order.objects.filter(is_it, provider=orphan.provider_id, state__in=[State.QUEUED, *UNCONFIRMED_STATES])
    return list(found.select_related("customer", "service").order_by("pk")[:20])


def adopt_orphan(*, orphan_id: int, order_id: int, actor: str, reason: str) -> None:
    """It is this order: it goes on under the orphan's id. Raises CannotResolveError; nothing was changed then."""
    orphan = UnmatchedOrder.objects.select_related("provider").get(pk=orphan_id)
    order = Order.objects.get(pk=order_id)
    if order.provider_id != orphan.provider_id:
        raise CannotResolveError("That order is at another provider.")
    if orphan.verdict:
        raise CannotResolveError(DECIDED)
    if order.state in UNCONFIRMED_STATES:
        it_was_found(order_id=order_id, provider_order_id=orphan.external_id, actor=actor, reason=reason)
        return  # which says whose the orphan is
    _say_why(reason)
    try:
        with transaction.atomic(durable=True):
            _adopt_queued(orphan, order_id, actor, reason)
    except IntegrityError:
        raise CannotResolveError("That id belongs to another order already.") from None


def write_off_orphan(*, orphan_id: int, actor: str, reason: str) -> None:
    """No order here is it: what it cost is our loss. Raises CannotResolveError where that was decided before.

    So it does where an order has that id by now: then the orphan is that order.
    """
    _decide(orphan_id, UnmatchedOrder.Verdict.LOST, actor, reason)


def not_ours(*, orphan_id: int, actor: str, reason: str) -> None:
    """It is somebody else's and was not paid by us. Raises CannotResolveError as `write_off_orphan` does."""
    _decide(orphan_id, UnmatchedOrder.Verdict.NOT_OURS, actor, reason)


def _adopt_queued(orphan: UnmatchedOrder, order_id: int, actor: str, reason: str) -> None:
    now = timezone.now()
    change = lock_orders(order_ids=[order_id], now=now)[order_id]
    if change.state != State.QUEUED:
        raise CannotResolveError("That order does not wait to be sent.")
    order = change.order
    if orphan.charge is not None and orphan.currency == order.provider_currency:
        order.expected_cost = orphan.charge
    change.to(State.SENDING, what="sent", reason="Before the backup that was restored.", actor=actor)
    Attempt.objects.create(
        order=order,
        number=order.attempts.count() + 1,
        provider_id=order.provider_id,
        provider_service=order.provider_service,
        expected_cost=order.expected_cost,
        outcome=Attempt.Outcome.PLACED,
        started_at=now - timedelta(seconds=1),
        lease_until=now,
        ended_at=now,
        reason=reason[:300],
    )
    accept(change, provider_order_id=orphan.external_id, houses=Houses(), what="confirmed", reason=reason, actor=actor)
    write([change])


def _decide(orphan_id: int, verdict: UnmatchedOrder.Verdict, actor: str, reason: str) -> None:
    """That no order here is it."""
    _say_why(reason)
    with transaction.atomic(durable=True):
        orphan = lock_unmatched_order(unmatched_id=orphan_id)
        if orphan.verdict:
            raise CannotResolveError(DECIDED)
        order_id = link_where_ordered(unmatched=orphan)
        if order_id is None:
            if verdict == UnmatchedOrder.Verdict.LOST:
                _check_currency(orphan)
                write_loss(unmatched=orphan, reason=reason)
            write_verdict(unmatched=orphan, verdict=verdict, actor=actor, reason=reason, order_id=None)
    if order_id is not None:
        text = _("Order %(order)d has this ID by now, so that is what it is. Nothing was written off.")
        raise CannotResolveError(text % {"order": order_id})


def _check_currency(orphan: UnmatchedOrder) -> None:
    """What it cost can be booked in the provider's own currency alone."""
    told, known = orphan.currency.upper(), orphan.provider.currency.upper()
    if orphan.charge and told and told != known:
        text = _(
            "The provider says that this order cost %(charge)s %(told)s, but your account there is kept in %(known)s. "
            "Book what was really taken as a balance difference, then mark this order as not ours."
        )
        raise CannotResolveError(text % {"charge": plain(orphan.charge), "told": told, "known": known})


def _say_why(reason: str) -> None:
    if not reason.strip():
        raise CannotResolveError("Say why: the reason is kept.")


def _known_numbers(provider: Provider) -> list[int]:
    """The highest ids of ours there, the highest first."""
    placed = Order.objects.filter(provider=provider, provider_order_id__isnull=False).order_by("-pk")
    texts = placed.values_list("provider_order_id", flat=True)[:KNOWN]
    if len(texts) < CONTROLS:
        raise CannotLookError("Too few orders of ours are known there to look from.")
    try:
        return sorted(map(number_of, texts), reverse=True)
    except NotNumbersError:
        raise CannotLookError("Its ids are not all numbers.") from None


def _look(adapter: ProviderAdapter, ids: Sequence[int], controls: Sequence[int]) -> Sequence[OrderStatus]:
    scan = Scanner(adapter, list(map(str, controls)), spare=TRIES).ask(list(map(str, ids)))
    if not scan.is_complete:
        raise CannotLookError("The provider did not answer for every id, or did not know orders that are ours.")
    return scan.found
