"""What looks for doubts reads the few attempts that may be one, in their index, however many a provider has had."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from orders.models import Attempt, Order
from orders.unconfirmed import probe, unmatched_search
from orders.unconfirmed.evidence import ReferenceOrder
from orders.unconfirmed.unmatched_search import IdRange
from tests.fixtures_orders import Store
from tests.orders.filled import fill_orders
from tests.plans import plan_of

pytestmark = pytest.mark.django_db
SPAN = timedelta(hours=1)


@pytest.fixture
def doubtful(store: Store) -> Attempt:
    """An attempt in doubt beside many that were placed or refused."""
    fill_orders(store, 300)
    now, last = timezone.now(), Order.objects.latest("pk")
    outcomes = [(order, Attempt.Outcome.PLACED) for order in Order.objects.exclude(pk=last.pk)]
    outcomes += [(last, Attempt.Outcome.REFUSED)] * 300
    outcomes += [(last, Attempt.Outcome.UNKNOWN)]
    attempts = [_attempt(order, number, outcome, now) for number, (order, outcome) in enumerate(outcomes)]
    Attempt.objects.bulk_create(attempts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return attempts[-1]


def _attempt(order: Order, number: int, outcome: Attempt.Outcome, now: datetime) -> Attempt:
    return Attempt(
        order=order,
        number=number,
        provider=order.provider,
        outcome=outcome,
        started_at=now,
        lease_until=now,
        ended_at=now,
    )


def test_rivals_are_found_in_the_index_of_doubts(store: Store, doubtful: Attempt) -> None:
    plan = plan_of(lambda: probe._rival(doubtful, store.provider, since=doubtful.started_at - SPAN))
    assert "attempt_may_be_there" in plan, plan


def test_unconfirmed_costs_are_found_in_the_index_of_doubts(store: Store, doubtful: Attempt) -> None:
    now = doubtful.started_at
    low, high = (ReferenceOrder(now, now, number) for number in (1, 9))
    stretch = IdRange(low, high, [], since=now - SPAN)
    assert unmatched_search._unconfirmed_costs(store.provider, stretch) == {doubtful.order.expected_cost}
    Attempt.objects.filter(pk=doubtful.pk).update(expected_cost=2)  # the order's own may be of a later try
    assert unmatched_search._unconfirmed_costs(store.provider, stretch) == {2}
    plan = plan_of(lambda: unmatched_search._unconfirmed_costs(store.provider, stretch))
    assert "attempt_may_be_there" in plan, plan
