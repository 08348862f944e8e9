"""Many orders at once for tests of batches: made at the provider and here without a call each, and without money."""

from datetime import datetime

from django.utils import timezone

from orders.models import Order
from orders.rules.states import State
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS


def fill_orders(
    store: Store, count: int, *, state: State = State.ACTIVE, finished_at: datetime | None = None
) -> list[Order]:
    """`count` orders of the first service in that state here; at the provider they are just begun, or done."""
    service = store.service()
    ids = store.simulator.fill(count=count, service="1", quantity=100)
    if state == State.COMPLETED:
        store.simulator.advance(ORDER_SECONDS * 2)
    now = timezone.now()
    return Order.objects.bulk_create(
        Order(
            customer=store.customer,
            service=service,
            provider=store.provider,
            provider_service="1",
            type="Default",
            link=f"https://example.com/{number}",
            quantity=100,
            currency="USD",
            rate=service.rate,
            charge=1,
            provider_currency="USD",
            exchange_rate=1,
            expected_cost=1,
            state=state,
            provider_order_id=str(number),
            sent_at=now,
            finished_at=finished_at or (now if state == State.COMPLETED else None),
        )
        for number in ids
    )
