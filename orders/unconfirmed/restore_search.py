"""Search a provider for orders of ours that match no order here, after a restore from an older backup.

The search asks for IDs upwards from the highest known one, until a long run of them is not ours; a person decides on
each order that was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

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
from orders.unconfirmed.decisions import CannotResolveError, confirm_found
from orders.unconfirmed.reference_ids import NotNumbersError, number_of
from orders.unconfirmed.scan import CONTROLS, TRIES, Scanner
from panel.lib.money import plain
from providers.adapters.base import OrderStatus, ProviderAdapter
from providers.connection.connect import connected
from providers.models import Provider

QUIET = 1000
"""The search ends after this many IDs in a row that are not ours."""
MAX_CALLS = 100
MAX_KNOWN = 50
MAX_CANDIDATES = 20
DECIDED = _lazy("This order was already decided.")


class CannotSearchError(Exception):
    """The search is not possible; compare by hand. The message is for the person."""


@dataclass(slots=True)
class SearchResult:
    """The result of a search: IDs asked for, calls, orders found; complete when it ended by itself."""

    asked: int = 0
    calls: int = 0
    found: int = 0
    is_complete: bool = False


def find_orphans(*, provider: Provider, max_calls: int = MAX_CALLS, quiet: int = QUIET) -> SearchResult:
    """Search the ids above the highest known one. Raises CannotSearchError, RetryLater or SealError.

    Each batch includes two known IDs of ours; where one of them gets no answer, nothing is concluded.
    """
    known = _known_numbers(provider)
    result, last_found = SearchResult(), max(known)
    number = last_found + 1
    with connected(provider) as adapter:
        while result.calls < max_calls:
            batch = range(number, number + adapter.batch_size - CONTROLS)
            for row in _ask(adapter, batch, known[:CONTROLS]):
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
    """Unmatched orders without a decision."""
    return UnmatchedOrder.objects.filter(verdict="").select_related("provider").order_by("pk")


def candidates(*, orphan: UnmatchedOrder) -> list[Order]:
    """The orders it may match: queued or unconfirmed there, with exactly its cost, or the one it was late for."""
    is_it = Q(pk=answered_for(orphan))
    if orphan.charge is not None:
        is_it |= Q(expected_cost=orphan.charge, provider_currency=orphan.currency)
    found = Order.objects.filter(is_it, provider=orphan.provider_id, state__in=[State.QUEUED, *UNCONFIRMED_STATES])
    return list(found.select_related("customer", "service").order_by("pk")[:MAX_CANDIDATES])


def adopt_orphan(*, orphan_id: int, order_id: int, actor: str, reason: str) -> None:
    """It is this order: it goes on under the orphan's id. Raises CannotResolveError; nothing was changed then."""
    orphan = UnmatchedOrder.objects.select_related("provider").get(pk=orphan_id)
    order = Order.objects.get(pk=order_id)
    if order.provider_id != orphan.provider_id:
        raise CannotResolveError(_("That order is at another provider."))
    if orphan.verdict:
        raise CannotResolveError(str(DECIDED))
    if order.state in UNCONFIRMED_STATES:
        confirm_found(order_id=order_id, provider_order_id=orphan.external_id, actor=actor, reason=reason)
        return  # which also links the unmatched order
    _require_reason(reason)
    try:
        with transaction.atomic(durable=True):
            _adopt_queued(orphan, order_id, actor, reason)
    except IntegrityError:
        raise CannotResolveError(_("That ID already belongs to another order.")) from None


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
        raise CannotResolveError(_("That order is not queued."))
    order = change.order
    if orphan.charge is not None and orphan.currency == order.provider_currency:
        order.expected_cost = orphan.charge
    change.to(State.SENDING, what="sent", reason=_("Sent after the backup that was restored."), actor=actor)
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
    """Decide that no order here matches it."""
    _require_reason(reason)
    with transaction.atomic(durable=True):
        orphan = lock_unmatched_order(unmatched_id=orphan_id)
        if orphan.verdict:
            raise CannotResolveError(str(DECIDED))
        order_id = link_where_ordered(unmatched=orphan)
        if order_id is None:
            if verdict == UnmatchedOrder.Verdict.LOST:
                _check_currency(orphan)
                write_loss(unmatched=orphan, reason=reason)
            write_verdict(unmatched=orphan, verdict=verdict, actor=actor, reason=reason, order_id=None)
    if order_id is not None:
        text = _("Order #%(order)d has this ID by now, so it is the match. Nothing was written off.")
        raise CannotResolveError(text % {"order": order_id})


def _check_currency(orphan: UnmatchedOrder) -> None:
    """Check that the cost can be booked: only in the provider's own currency."""
    reported, known = orphan.currency.upper(), orphan.provider.currency.upper()
    if orphan.charge and reported and reported != known:
        text = _(
            "The provider reports that the order cost %(charge)s %(reported)s, but your account there is in %(known)s. "
            "Record the amount that was really taken as a balance difference, then mark this order as not ours."
        )
        raise CannotResolveError(text % {"charge": plain(orphan.charge), "reported": reported, "known": known})


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise CannotResolveError(_("Enter a reason. It is saved to the audit log."))


def _known_numbers(provider: Provider) -> list[int]:
    """Our latest IDs there, the highest first."""
    placed = Order.objects.filter(provider=provider, provider_order_id__isnull=False).order_by("-pk")
    texts = placed.values_list("provider_order_id", flat=True)[:MAX_KNOWN]
    if len(texts) < CONTROLS:
        raise CannotSearchError(_("Too few orders of yours are known at this provider to search from."))
    try:
        return sorted(map(number_of, texts), reverse=True)
    except NotNumbersError:
        raise CannotSearchError(_("The provider's order IDs are not all numbers.")) from None


def _ask(adapter: ProviderAdapter, ids: Sequence[int], controls: Sequence[int]) -> Sequence[OrderStatus]:
    scan = Scanner(adapter, list(map(str, controls)), spare=TRIES).ask(list(map(str, ids)))
    if not scan.is_complete:
        raise CannotSearchError(_("The provider did not answer for every ID, or did not know orders of yours."))
    return scan.found
