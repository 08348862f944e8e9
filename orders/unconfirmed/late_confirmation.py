"""What a provider says too late: it has an order after all whose money went back, or that was bought again meanwhile.

The order stays as it was decided. What was bought is an orphan then: a person links it to an order or books its cost as
lost.
"""

from orders.core.unmatched_orders import LATE, follow_orphans, ordered_as
from orders.models import Attempt, Orphan
from providers.adapters.base import Placed


def keep_bought_after_all(*, attempt: Attempt, placed: Placed) -> None:
    """Keep what was bought and belongs to no order, once, in the caller's transaction; people hear of it."""
    order = attempt.order
    provider_id = attempt.provider_id or order.provider_id
    if ordered_as(provider_id=provider_id, external_id=placed.order_id) is not None:
        return
    cost = {"charge": order.expected_cost, "currency": order.provider_currency} if _is_its_cost(attempt) else {}
    Orphan.objects.get_or_create(
        provider_id=provider_id,
        external_id=placed.order_id,
        defaults={"status": f"{LATE}{order.pk}", **cost},
    )
    follow_orphans(provider_id=provider_id)


def _is_its_cost(attempt: Attempt) -> bool:
    """Whether the order still expects the cost of that attempt: it may have gone to another supplier since."""
    order = attempt.order
    return (attempt.provider_id, attempt.provider_service) == (order.provider_id, order.provider_service)
