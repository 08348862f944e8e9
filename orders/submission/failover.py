"""An order that its supplier does not sell goes to the next one: only where it is known not to have been bought.

Called when a refusal is recorded, and before an order is sent whose service is not what was sold; in their transaction.
"""

from decimal import Decimal

from orders.core.change import Change
from orders.core.wake import wake_submit
from orders.models import Order
from orders.rules.service_types import SERVICE_TYPES
from orders.rules.states import State
from panel.lib.money import charge_for, is_storable, round_up
from providers.catalog.publishing.suppliers import Supplier, backup_suppliers


def fail_over(change: Change, *, reason: str) -> bool:
    """Queue the locked order for its next supplier, at once; False where there is none, and nothing was changed."""
    supplier = _next_supplier(change.order)
    if supplier is None:
        return False
    change.order.next_attempt_at = change.now
    change.order.attention = ""
    reason = f"{reason} It goes to {supplier.provider}, service {supplier.external_id}."
    if change.state == State.QUEUED:
        change.note("waits", reason=reason)
    else:
        change.to(State.QUEUED, what="waits", reason=reason)
    wake_submit(order_id=change.order.pk)
    return True


def _next_supplier(order: Order) -> Supplier | None:
    """Turn the order to the first backup that was not tried and is still covered by what was paid."""
    tried = {(order.provider_id, order.provider_service), *_tried(order)}
    for supplier in backup_suppliers(service_id=order.service_id):
        if (supplier.provider_id, supplier.external_id) in tried or not _takes(supplier, order):
            continue
        cost = _cost(supplier, order)
        if _covers(order, supplier, cost):
            _turn_to(order, supplier, cost)
            return supplier
    return None


def _tried(order: Order) -> set[tuple[int | None, str]]:
    return set(order.attempts.values_list("provider_id", "provider_service"))


def _takes(supplier: Supplier, order: Order) -> bool:
    """Whether an order as large as this one is within what the supplier allows."""
    service_type = SERVICE_TYPES[order.type]
    if service_type.is_per_package:
        return True
    if order.type == "Subscriptions":
        return supplier.min <= int(order.fields["min"]) and int(order.fields["max"]) <= supplier.max
    runs = int(order.fields.get("runs", "1"))
    if runs > 1 and not supplier.dripfeed:
        return False
    return supplier.min <= order.quantity // runs <= supplier.max


def _cost(supplier: Supplier, order: Order) -> Decimal:
    return charge_for(rate=supplier.rate, quantity=order.quantity, per_package=SERVICE_TYPES[order.type].is_per_package)


def _covers(order: Order, supplier: Supplier, cost: Decimal) -> bool:
    if not is_storable(cost, cost * supplier.exchange_rate):
        return False
    return order.service.allow_below_cost or round_up(cost * supplier.exchange_rate) <= order.charge


def _turn_to(order: Order, supplier: Supplier, cost: Decimal) -> None:
    """Written here and not with every change: an order changes its supplier as good as never."""
    new = {
        "provider_id": supplier.provider_id,
        "provider_service": supplier.external_id,
        "provider_currency": supplier.currency,
        "exchange_rate": supplier.exchange_rate,
        "expected_cost": cost,
    }
    Order.objects.filter(pk=order.pk).update(**new)
    for name, value in new.items():
        setattr(order, name, value)
