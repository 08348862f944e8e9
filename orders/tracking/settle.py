"""What a provider's answer means for an order: its state, the money, what a person should look at.

Refunds and costs are targets, so that saying the same twice moves nothing twice. Called by the poller with whole
batches, and by everything else that ends an order.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from structlog.contextvars import bound_contextvars

from orders.core.change import Change, lock_orders, write
from orders.core.unmatched_orders import THE_PANEL, link_unmatched_order
from orders.models import MISSING_THERE, ODD_REMAINS, OTHER_CURRENCY, UNKNOWN_WORD, UNTIL_ANSWERED, WITHOUT_REMAINS
from orders.rules import subscription
from orders.rules.polling_interval import FIRST_POLL, POLLS_AFTER_END, next_poll
from orders.rules.states import FINAL, State
from orders.tracking.reported import note_facts, reported_cost, undelivered
from panel.lib.future_times import is_future
from panel.wallet import ledger
from providers.adapters.base import ItemError, OrderStatus, ReportedStatus

log = logging.getLogger(__name__)

RUNNING = frozenset(
    {ReportedStatus.PENDING, ReportedStatus.PROCESSING, ReportedStatus.IN_PROGRESS, ReportedStatus.PAUSED}
)
MISSES_BEFORE_ATTENTION = 5
MISSING_BEFORE_ATTENTION = timedelta(hours=1)
SENSELESS_BEFORE_ATTENTION = 3
MOST_MISSES = 1000
"""They are counted no further: the column is small."""
MOST_COSTS = 30_000
"""So many times an order's cost may change: each is a transfer with a number, in a column that holds little more."""

Answer = OrderStatus | ItemError | None
"""What a batch said of one id; None where it said nothing."""


@dataclass(slots=True)
class Houses:
    """The house accounts an order's money passes, all fetched at once when the first is needed."""

    found: dict[tuple[str, str], int] = field(default_factory=dict)

    def pk(self, house: str, currency: str) -> int:
        if not self.found:
            self.found = ledger.house_accounts()
        if (house, currency) not in self.found:
            self.found[house, currency] = ledger.house_account(house=house, currency=currency).pk
        return self.found[house, currency]


def refund_to(change: Change, *, target: Decimal, houses: Houses, reason: str = "", actor: str = "") -> Decimal:
    """Raise the refund to `target`, at most the charge; returns what that adds. A lower target adds nothing."""
    order = change.order
    target = min(target, order.charge)
    difference: Decimal = target - order.refunded
    if difference <= 0:
        return Decimal(0)
    still_held = order.charge - order.refunded - order.captured
    source = ledger.HELD if still_held >= difference else ledger.REVENUE
    key = f"refund:{order.pk}:{target:f}"
    _move(change, key, houses.pk(source, order.currency), change.wallet, difference)
    order.refunded = target
    if source == ledger.REVENUE:
        order.captured -= difference
    change.note("refunded", amount=difference, reason=reason, actor=actor)
    return difference


def capture(change: Change, *, houses: Houses) -> None:
    """Turn what is still held for the order into revenue."""
    order = change.order
    rest = order.charge - order.refunded - order.captured
    if rest > 0:
        order.money_moves += 1
        held, revenue = houses.pk(ledger.HELD, order.currency), houses.pk(ledger.REVENUE, order.currency)
        _move(change, f"capture:{order.pk}:{order.money_moves}", held, revenue, rest)
        order.captured += rest


def cost_to(change: Change, *, cost: Decimal, houses: Houses) -> None:
    """Bring what the order cost us to `cost`, in the provider's currency; it may fall."""
    order = change.order
    difference = cost - order.cost
    if difference:
        order.money_moves += 1
        theirs = houses.pk(f"provider:{order.provider_id}", order.provider_currency)
        costs = houses.pk(f"cost:{order.provider_id}", order.provider_currency)
        source, target = (theirs, costs) if difference > 0 else (costs, theirs)
        _move(change, f"cost:{order.pk}:{order.money_moves}", source, target, abs(difference))
        order.cost = cost


def accept(
    change: Change, *, provider_order_id: str, houses: Houses, what: str, reason: str = "", actor: str = ""
) -> None:
    """The provider has the order under this id: it is ACTIVE and costs what we expect until the provider says.

    Where the id was kept as that of an unmatched order, it is this order, in the same transaction.
    """
    order = change.order
    order.provider_order_id = provider_order_id
    order.provider_status = ReportedStatus.PENDING
    order.sent_at = order.sent_at or change.now
    order.next_attempt_at = None
    order.next_poll_at = change.now + FIRST_POLL
    change.to(State.ACTIVE, what=what, reason=reason, actor=actor)
    cost_to(change, cost=order.expected_cost, houses=houses)
    known_by = reason or _("The provider's answer named this ID.")
    link_unmatched_order(order=order, actor=actor or THE_PANEL, reason=known_by)


def end_with_refund(
    change: Change, new: State, *, houses: Houses, what: str, reason: str = "", actor: str = ""
) -> None:
    """End the order in `new` and refund all of its charge."""
    change.to(new, what=what, reason=reason, actor=actor)
    refund_to(change, target=change.order.charge, houses=houses, reason=reason, actor=actor)


def end_partial(change: Change, *, remains: int, houses: Houses, reason: str = "", actor: str = "") -> None:
    """End the order as PARTIAL: what `remains` is refunded, the rest is earned. `reason` is a person's reason."""
    order = change.order
    undelivered_text = f"{remains:,} of {order.quantity:,} were not delivered."
    change.to(State.PARTIAL, what="partial", reason=undelivered_text, actor=actor)
    target = undelivered(order, remains)
    refund_to(change, target=target, houses=houses, reason=reason or undelivered_text, actor=actor)
    capture(change, houses=houses)


@dataclass(slots=True)
class Settled:
    """What a batch came to."""

    changed: int = 0
    refunded: int = 0
    failed: int = 0
    other_currency: str = ""


def settle_batch(*, answers: Mapping[int, Answer], asked_at: datetime, now: datetime) -> Settled:
    """Apply what the provider answered at `asked_at` to these orders, in one transaction.

    An answer older than the one applied last is dropped. An order that cannot be settled is left as it is, logged and
    counted in `failed`; the others are settled all the same.
    """
    if not answers:
        return Settled()
    try:
        return _settle(answers, asked_at, now)
    except (DatabaseError, RuntimeError, ArithmeticError):
        log.exception("batch not settled", extra={"orders": len(answers)})
        if len(answers) == 1:
            return Settled(failed=1)
    result = Settled()
    for order_id, answer in answers.items():
        with bound_contextvars(order=order_id):
            one = settle_batch(answers={order_id: answer}, asked_at=asked_at, now=now)
        result.changed += one.changed
        result.refunded += one.refunded
        result.failed += one.failed
        result.other_currency = result.other_currency or one.other_currency
    return result


def _settle(answers: Mapping[int, Answer], asked_at: datetime, now: datetime) -> Settled:
    result = Settled()
    with transaction.atomic(durable=True):
        houses = Houses()
        changes = [
            change
            for change in lock_orders(order_ids=answers, now=now).values()
            if change.order.applied_at is None
            or change.order.applied_at < asked_at
            or is_future(change.order.applied_at, now=now)
        ]
        for change in changes:
            answer = answers[change.order.pk]
            before = change.order.refunded
            change.order.applied_at = asked_at
            if isinstance(answer, OrderStatus):
                result.other_currency = _apply(change, answer, houses) or result.other_currency
            else:
                _miss(change, answer)
            result.refunded += change.order.refunded > before
        write(changes)
        result.changed = len(changes)
    return result


def _miss(change: Change, answer: ItemError | None) -> None:
    """The provider did not name the order: nothing is concluded from that, but a person hears of it when it lasts."""
    order = change.order
    order.misses = min(order.misses + 1, MOST_MISSES)
    if order.missed_since is None or is_future(order.missed_since, now=change.now):
        order.missed_since = change.now
    lasted = change.now - order.missed_since >= MISSING_BEFORE_ATTENTION
    if order.misses >= MISSES_BEFORE_ATTENTION and lasted:
        _attend(change, MISSING_THERE, answer.text if answer else "")


def _apply(change: Change, status: OrderStatus, houses: Houses) -> str:
    """Apply one status; the currency it names where that is not the one the order was bought in."""
    order = change.order
    if status.currency and status.currency.upper() != order.provider_currency.upper():
        _attend(change, OTHER_CURRENCY, f"The provider answered in {status.currency}.")
        return status.currency
    if order.attention in UNTIL_ANSWERED:
        order.attention = ""
    if order.type == subscription.TYPE:
        status = subscription.by_posts(status, fields=order.fields, quantity=order.quantity)
    if status.word != ReportedStatus.PARTIAL or status.remains is not None:
        order.misses, order.missed_since = 0, None
    was_running = order.provider_status in RUNNING
    note_facts(change, status)
    _reported_cost(change, status, houses)
    if status.word in RUNNING:
        if change.was in FINAL and not was_running:  # what staff ended goes on there, and they know
            _attend(change, "reopened by the provider", status.raw)
    elif status.word == ReportedStatus.COMPLETED or (status.word == ReportedStatus.PARTIAL and status.remains == 0):
        _complete(change, houses)
    elif status.word == ReportedStatus.PARTIAL:
        _end_partial(change, status.remains, houses)
    elif status.word == ReportedStatus.CANCELED:
        _cancel(change, houses)
    else:
        _attend(change, UNKNOWN_WORD, status.raw)
    order.next_poll_at = next_poll(
        state=change.state, sent_at=order.sent_at or change.now, finished_at=order.finished_at, now=change.now
    )
    if _may_be_charged_yet(change, status):
        order.next_poll_at = change.now + FIRST_POLL
    return ""


def _reported_cost(change: Change, status: OrderStatus, houses: Houses) -> None:
    cost, order = reported_cost(status), change.order
    if cost is None or cost == order.cost:
        return
    if order.money_moves >= MOST_COSTS:
        _attend(change, "cost changes without end", f"The provider now says {cost} {order.provider_currency}.")
        return
    cost_to(change, cost=cost, houses=houses)


def _may_be_charged_yet(change: Change, status: OrderStatus) -> bool:
    """Whether it is free though delivered in part: providers say that who have not reckoned yet. Not for long."""
    ended = change.order.finished_at or change.now
    return status.word == ReportedStatus.PARTIAL and status.charge == 0 and change.now - ended < POLLS_AFTER_END[0]


def _complete(change: Change, houses: Houses) -> None:
    if change.was == State.ACTIVE:
        change.to(State.COMPLETED, what="completed")
        capture(change, houses=houses)
    elif change.was != State.COMPLETED:
        _attend(change, "reopened by the provider", change.order.provider_status_raw)


def _end_partial(change: Change, remains: int | None, houses: Houses) -> None:
    order = change.order
    if change.was == State.CANCELED:
        _attend(change, "reopened by the provider", order.provider_status_raw)
    elif remains is None:
        order.misses = min(order.misses + 1, MOST_MISSES)
        if order.misses >= SENSELESS_BEFORE_ATTENTION:
            _attend(change, WITHOUT_REMAINS, order.provider_status_raw)
    elif not 0 < remains <= order.quantity:
        _attend(change, ODD_REMAINS, f"Partial with {remains} of {order.quantity} remaining.")
    else:
        if change.was != State.PARTIAL or undelivered(order, remains) > order.refunded:
            end_partial(change, remains=remains, houses=houses)


def _cancel(change: Change, houses: Houses) -> None:
    if change.was != State.CANCELED:
        end_with_refund(change, State.CANCELED, houses=houses, what="canceled", reason="Canceled by the provider.")


def _attend(change: Change, flag: str, detail: str) -> None:
    """Flag the order for a person, with a line in its history where it was not flagged so before."""
    change.order.attention = flag
    if change.before["attention"] != flag:
        change.note("attention", reason=f"{flag}: {detail}" if detail else flag)


def _move(change: Change, key: str, source: int, target: int, amount: Decimal) -> None:
    change.moves.append(ledger.Move(key, source, target, amount, cause=f"order:{change.order.pk}"))
