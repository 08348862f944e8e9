"""The audit: clean books say nothing, and each kind of damage is named."""

from decimal import Decimal

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.models import Attempt, Order
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS


@pytest.fixture
def orders(store: Store) -> list[Order]:
    made = [store.active(link=f"https://example.com/{number}") for number in range(3)]
    store.simulator.set_order(made[1].provider_order_id, status="Partial", remains=400)
    store.simulator.set_order(made[2].provider_order_id, status="Canceled", remains=1000)
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    store.place(link="https://example.com/waits")
    return [store.fresh(order) for order in made]


def test_clean_books(orders: list[Order]) -> None:
    assert [order.state for order in orders] == ["COMPLETED", "PARTIAL", "CANCELED"]
    assert audit_all() == []


@pytest.mark.parametrize(
    ("number", "damage", "says"),
    [
        (0, {"charge": Decimal("1.4")}, "charged 1.35"),
        (0, {"refunded": Decimal("0.1")}, "gave back 0"),
        (0, {"cost": Decimal(1)}, "the order says 1"),
        (0, {"captured": Decimal(1)}, "as COMPLETED means"),
        (0, {"state": "ACTIVE"}, "as ACTIVE means"),
        (1, {"remains": 500}, "PARTIAL with 500 remaining"),
        (1, {"state": "CANCELED"}, "CANCELED, and only"),
    ],
)
def test_damage_is_found(orders: list[Order], number: int, damage: dict[str, object], says: str) -> None:
    Order.objects.filter(pk=orders[number].pk).update(**damage)
    found = [line for line in audit_all() if says in line]

    assert len(found) == 1
    assert found[0].startswith(f"order {orders[number].pk}: ")


def test_an_attempt_that_does_not_fit_is_found(orders: list[Order]) -> None:
    Attempt.objects.filter(order=orders[0]).update(outcome=None, lease_until=timezone.now())
    Order.objects.filter(state="QUEUED").update(state="SENDING")

    assert len([line for line in audit_all() if "attempt" in line]) == 2
