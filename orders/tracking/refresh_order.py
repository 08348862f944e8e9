"""Staff have a provider asked for one order, also for one that has ended. Called by the order's staff page."""

from dataclasses import dataclass

from orders.core.change import facts_of
from orders.models import Order
from orders.tracking.poll import poll_order
from orders.tracking.settle import Answer
from panel.ops import audit


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """What the provider said of the order, and the order before and after that."""

    answer: Answer
    before: Order
    after: Order


def refresh_order(*, order_id: int, actor: str) -> RefreshResult:
    """Ask and settle now; what it came to is in the audit trail. Raises orders.tracking.poll.CannotAskError."""
    before = Order.objects.get(pk=order_id)
    answer = poll_order(order_id=order_id)
    after = Order.objects.select_related("provider").get(pk=order_id)
    detail = {"before": facts_of(before), "after": facts_of(after)}
    audit.record(actor=actor, action="order update", target=f"order:{order_id}", detail=detail)
    return RefreshResult(answer, before, after)
