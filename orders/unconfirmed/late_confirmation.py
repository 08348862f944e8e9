"""Record late answers: the provider placed an order that was refunded or placed again in the meantime.

The order stays as it was decided. What the provider has is kept as an unmatched order: a person matches it to an order
or writes off its cost.
"""

from orders.core.unmatched_orders import LATE, follow_unmatched_orders, ordered_as
from orders.models import Attempt, UnmatchedOrder
from providers.adapters.base import Placed


def record_late_placement(*, attempt: Attempt, placed: Placed) -> None:
    """Keep the placed order as unmatched, once, in the caller's transaction, and alert staff."""
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
