"""What a provider says too late: it has an order after all whose money went back, or that was bought again meanwhile.

The order stays as it was decided. What was bought is an orphan then: a person links it to an order or books its cost as
lost.
"""

from orders.core.unmatched_orders import LATE, follow_unmatched_orders, ordered_as
from orders.models import Attempt, UnmatchedOrder
from providers.adapters.base import Placed


def keep_bought_after_all(*, attempt: Attempt, placed: Placed) -> None:
    """Keep what was bought and belongs to no order, once, in the caller's transaction; people hear of it."""
    provider = attempt.provider or attempt.order.provider
    if ordered_as(provider_id=provider.pk, external_id=placed.order_id) is not None:
        return
    UnmatchedOrder.objects.get_or_create(
        provider=provider,
        external_id=placed.order_id,
        defaults={
            "status": f"{LATE}{attempt.order_id}",
            "charge": attempt.expected_cost,  # the order's own may be of another try by now
            "currency": provider.currency,
        },
    )
    follow_unmatched_orders(provider_id=provider.pk)
