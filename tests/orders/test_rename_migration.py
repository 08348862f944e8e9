"""A filled database of the version before keeps its rows and permissions under the new names, and back."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor

from orders.models import Attempt, Cancellation, Order, OrderEvent, Probe, Refill, UnmatchedOrder
from tests.fixtures_orders import Store

BEFORE = [("orders", "0016_attempt_expected_cost")]
REASONS = (Attempt, Cancellation, OrderEvent, Probe, Refill)


def facts() -> list[object]:
    """Everything that the renamed columns and the renamed table hold."""
    held = [list(model._default_manager.order_by("pk").values("pk", "reason")) for model in REASONS]
    costs = list(Order.objects.order_by("pk").values_list("pk", "in_flight_cost"))
    return [held, costs, list(UnmatchedOrder.objects.values())]


def permissions(group: Group) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT codename, name FROM auth_permission JOIN auth_group_permissions "
            "ON permission_id = auth_permission.id WHERE group_id = %s",
            [group.pk],
        )
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_rows_are_kept_under_the_new_names(store: Store) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(in_flight_cost=Decimal("0.9"))
    Attempt.objects.update(reason="an attempt")
    OrderEvent.objects.update(reason="an event")
    Probe.objects.create(attempt=order.attempts.get(), reason="a probe")
    Refill.objects.create(order=order, reason="a refill")
    Cancellation.objects.create(order=order, reason="a cancel")
    UnmatchedOrder.objects.create(provider=store.provider, external_id="777", charge=Decimal("0.9"), currency="USD")
    group = Group.objects.create(name="Night shift")
    group.permissions.add(Permission.objects.get(codename="view_unmatchedorder"))
    refunds = Group.objects.create(name="Refunds")
    refunds.permissions.add(Permission.objects.get(codename="refund_order"))
    before = facts()
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate(BEFORE)
        assert permissions(group) == [("view_orphan", "Can view orphan")]
        assert permissions(refunds) == [("refund_order", "Can give back the money of an order that was sent")]
        with connection.cursor() as cursor:
            cursor.execute("SELECT why, (SELECT count(*) FROM orders_orphan) FROM orders_attempt")
            assert cursor.fetchall() == [("an attempt", 1)]
            cursor.execute("SELECT gate_cost FROM orders_order")
            assert cursor.fetchall() == [(900_000,)]
    finally:
        MigrationExecutor(connection).migrate(newest)
    assert facts() == before
    assert permissions(group) == [("view_unmatchedorder", "Can view unmatched order")]
    assert permissions(refunds) == [("refund_order", "Can refund an order that was sent")]

    same = store.place()
    with pytest.raises(IntegrityError):  # the unique index goes on under the new name
        Order.objects.filter(pk=same.pk).update(in_flight_cost=Decimal("0.9"))
