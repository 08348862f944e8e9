"""How an order changes: lock it, say what becomes of it, write all of it at once.

Every state, every event and every transfer of an order is written by `write`, in the caller's transaction: one guarded
UPDATE for all the orders, their events, their transfers, and the messages for customers who wish to hear of changes.
The lock order is wallets by pk, orders by pk.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from orders.models import WHILE_IT_WAITS, Order, OrderEvent
from orders.rules.serializers import StatusRow, status
from orders.rules.states import FINAL, IN_FLIGHT_STATES, State, check_move
from orders.webhooks.outbox import Update, queue_updates
from panel.lib.database.bulk import update_rows
from panel.lib.money import plain
from panel.ops import audit
from panel.wallet import ledger
from panel.wallet.models import Account

MUTABLE = (
    "state", "provider_order_id", "provider_status", "provider_status_raw", "start_count", "remains", "attention",
    "expected_cost", "in_flight_cost", "cost", "refunded", "captured", "money_moves", "next_attempt_at", "next_poll_at",
    "applied_at", "misses", "missed_since", "queued_at", "sent_at", "finished_at",
)  # fmt: skip


@dataclass(slots=True)
class Change:
    """One locked order and what is about to become of it; its attributes are set here and written by `write`."""

    order: Order
    now: datetime
    wallet: int
    was: State = field(init=False)
    was_seen: tuple[str, Decimal] = field(init=False)
    before: dict[str, Any] = field(init=False)
    events: list[OrderEvent] = field(default_factory=list)
    moves: list[ledger.Move] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.was = State(self.order.state)
        self.was_seen = self.seen
        self.before = self.facts

    @property
    def state(self) -> State:
        return State(self.order.state)

    @property
    def seen(self) -> tuple[str, Decimal]:
        """What its customer is notified of when it changes: the word for its state, and what was refunded."""
        return self.order.word, self.order.refunded

    @property
    def facts(self) -> dict[str, Any]:
        """What the audit trail keeps of the order, before and after."""
        return facts_of(self.order)

    def to(self, new: State, *, what: str, reason: str = "", actor: str = "") -> None:
        """Move to `new`. Raises ForbiddenMoveError for a move that is not in the table."""
        check_move(self.state, new)
        old, self.order.state = self.state, new
        if new not in IN_FLIGHT_STATES:
            self.order.in_flight_cost = None
        if new != State.QUEUED and self.order.attention in WHILE_IT_WAITS:
            self.order.attention = ""
        if new in FINAL:
            self.order.finished_at = self.order.finished_at or self.now
            self.order.next_attempt_at = None
        self.note(what, old=old, new=new, reason=reason, actor=actor)

    def note(
        self,
        what: str,
        *,
        reason: str = "",
        actor: str = "",
        old: str = "",
        new: str = "",
        amount: Decimal | None = None,
    ) -> None:
        """Add a line to the order's history."""
        self.events.append(
            OrderEvent(
                order=self.order,
                at=self.now,
                what=what,
                old=old,
                new=new,
                actor=actor,
                reason=reason[:300],
                amount=amount,
            )
        )


def facts_of(order: Order) -> dict[str, Any]:
    """Its state and its money as plain words, for the audit trail."""
    return {
        "state": str(order.state),
        "refunded": plain(order.refunded),
        "remains": order.remains,
        "attention": order.attention,
    }


def lock_orders(*, order_ids: Iterable[int], now: datetime | None = None) -> dict[int, Change]:
    """The orders, locked after their customers' wallets, ready to be changed. Missing ones are left out."""
    ids = sorted(order_ids)
    customers = Order.objects.filter(pk__in=ids).values("customer_id")
    wallets = dict(
        Account.objects.select_for_update(no_key=True, of=("self",))
        .filter(customer__in=customers)
        .order_by("pk")
        .values_list("customer_id", "pk")
    )
    rows = Order.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids).order_by("pk")
    moment = now or timezone.now()
    return {order.pk: Change(order, moment, wallets[order.customer_id]) for order in rows}


def write(changes: Sequence[Change]) -> None:
    """Write the orders, their transfers, their events and what their customers hear of it.

    All or nothing, inside the caller's transaction.
    """
    ledger.transfer([move for change in changes for move in change.moves])
    rows = [(c.order.pk, *(getattr(c.order, name) for name in MUTABLE), c.was.value) for c in changes]
    written = update_rows(Order, rows, fields=MUTABLE, guard=["state"])
    if len(written) != len(rows):
        raise RuntimeError("An order changed under its lock.")
    OrderEvent.objects.bulk_create([event for change in changes for event in change.events])
    queue_updates([_update(change) for change in changes if change.seen != change.was_seen])


def audit_change(
    change: Change, *, actor: str, action: str, reason: str, more: Mapping[str, Any] | None = None
) -> None:
    """What staff made of the order, before and after, in the caller's transaction."""
    detail = {"reason": reason[:300], "before": change.before, "after": change.facts, **(more or {})}
    audit.record(actor=actor, action=action, target=f"order:{change.order.pk}", detail=detail)


def _update(change: Change) -> Update:
    row = StatusRow(*(getattr(change.order, name) for name in StatusRow._fields))
    return Update(change.order.customer_id, "order.changed", change.now, {"order": row.pk, **status(row)})
