"""Orders whose parts place further orders at the provider are found, and found by their index."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import HasParts, Order
from orders.models.parts import PARTS
from orders.unconfirmed.reference_ids import placed_child_orders
from tests.fixtures_orders import Store
from tests.orders.filled import fill_orders

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, False),
        ({"fields": {"runs": "3", "interval": "5"}}, True),
        ({"type": "Subscriptions"}, True),
        ({"fields": {"runs": "3"}, "state": "QUEUED"}, False),
        ({"fields": {"runs": "3"}, "state": "COMPLETED", "ago": 5}, True),
        ({"fields": {"runs": "3"}, "state": "COMPLETED", "ago": 15}, False),
        ({"fields": {"runs": "3"}, "elsewhere": True}, False),
    ],
)
def test_what_runs_or_ended_since_then_counts(store: Store, given: dict[str, object], found: bool) -> None:
    now = timezone.now()
    (order,) = fill_orders(store, 1)
    ago = given.pop("ago", None)
    ended = None if ago is None else now - timedelta(minutes=int(str(ago)))
    is_elsewhere = given.pop("elsewhere", False)
    Order.objects.filter(pk=order.pk).update(**given, finished_at=ended)
    provider = store.provider
    if is_elsewhere:
        provider.pk += 1
    assert placed_child_orders(provider=provider, since=now - timedelta(minutes=10)) is found


def test_the_condition_of_queries_is_the_condition_of_the_index(store: Store) -> None:
    for number, given in enumerate([{}, {"fields": {"runs": "2"}}, {"type": "Subscriptions"}, {"fields": {"run": 1}}]):
        (order,) = fill_orders(store, 1)
        Order.objects.filter(pk=order.pk).update(**{"quantity": number + 1, **given})
    both = [
        set(Order.objects.filter(condition).values_list("quantity", flat=True)) for condition in (HasParts(), PARTS)
    ]
    assert both == [{2, 3}, {2, 3}]


def test_it_is_looked_up_in_its_index(store: Store) -> None:
    fill_orders(store, 200)
    with CaptureQueriesContext(connection) as seen:
        assert not placed_child_orders(provider=store.provider, since=timezone.now())
    assert len(seen) == 2
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        for query in seen:
            how = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            cursor.execute(f"{how} {query['sql']}")
            plan = " ".join(str(row) for row in cursor.fetchall())
            assert "order_with_parts" in plan
            assert "finished_at" in plan
