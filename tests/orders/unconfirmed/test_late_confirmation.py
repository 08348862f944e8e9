"""A provider says too late that it has an order: nothing moves, and a person decides what was bought."""

from decimal import Decimal

import pytest

from orders.accounting.audit import audit_all
from orders.models import Attempt, Order, UnmatchedOrder
from orders.submission.record import record_outcome
from orders.unconfirmed.decisions import refund_unconfirmed, requeue_order
from orders.unconfirmed.restore_search import adopt_orphan, candidates, write_off_orphan
from panel.ops.models import Alert
from providers.adapters.base import Placed
from providers.adapters.errors import Refused
from providers.models import UpstreamService
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt(store: Store) -> Attempt:
    """Of an order in doubt."""
    store.simulator.next("add", "reset_before_create")
    order = store.active()
    store.let_lease_end(order)
    return order.attempts.get()


def rows() -> list[tuple[str, Decimal | None, str]]:
    return list(UnmatchedOrder.objects.values_list("external_id", "charge", "currency"))


def test_bought_after_the_money_went_back(store: Store, attempt: Attempt) -> None:
    refund_unconfirmed(order_id=attempt.order_id, actor="staff", reason="the customer asked")
    before = store.everything()
    for _ in range(2):
        record_outcome(attempt_id=attempt.pk, outcome=Placed("777"))
    assert store.everything() == before
    assert rows() == [("777", Decimal("0.9"), "USD")]
    alert = Alert.objects.get(closed_at=None, subject=f"orphans:{store.provider.pk}")
    assert alert.title == f"Order #{attempt.order_id} was placed at the provider after all"

    write_off_orphan(orphan_id=UnmatchedOrder.objects.get().pk, actor="staff", reason="their ticket 5")
    alert.refresh_from_db()
    assert alert.closed_at is not None
    assert (store.house("loss"), store.wallet()) == (Decimal("0.9"), 100)
    assert audit_all() == []


def test_bought_while_it_waits_to_be_sent_again(store: Store, attempt: Attempt) -> None:
    requeue_order(order_id=attempt.order_id, actor="staff", reason="not in their panel")
    record_outcome(attempt_id=attempt.pk, outcome=Placed("777"))
    assert store.fresh(attempt.order).state == "QUEUED"
    assert candidates(orphan=UnmatchedOrder.objects.get()) == [attempt.order]


def test_it_cost_what_it_cost_when_it_was_bought(store: Store, attempt: Attempt) -> None:
    """Since then the price rose, and the order was sent once more."""
    requeue_order(order_id=attempt.order_id, actor="staff", reason="not in their panel")
    UpstreamService.objects.filter(external_id="1").update(rate=Decimal("1.2"))
    store.simulator.next("add", "funds")
    order = store.submit(attempt.order)
    assert (order.state, order.expected_cost) == ("QUEUED", Decimal("1.2"))
    assert list(order.attempts.order_by("number").values_list("expected_cost", flat=True)) == [
        Decimal("0.9"),
        Decimal("1.2"),
    ]
    before = store.everything()

    record_outcome(attempt_id=attempt.pk, outcome=Placed("777"))
    assert store.everything() == before
    assert rows() == [("777", Decimal("0.9"), "USD")]
    orphan = UnmatchedOrder.objects.get()
    assert candidates(orphan=orphan) == [order]

    adopt_orphan(orphan_id=orphan.pk, order_id=order.pk, actor="staff", reason="their ticket 5")
    order = store.fresh(order)
    assert (order.state, order.expected_cost, order.cost) == ("ACTIVE", Decimal("0.9"), Decimal("0.9"))
    assert audit_all() == []


@pytest.mark.parametrize("status", ["answered late for order x", "answered late for order 1²", "Pending", ""])
def test_what_a_provider_says_names_no_order_of_ours(store: Store, status: str) -> None:
    store.place()
    orphan = UnmatchedOrder.objects.create(provider=store.provider, external_id="777", status=status)
    assert candidates(orphan=orphan) == []


def test_what_is_known_already_is_no_orphan(store: Store, attempt: Attempt) -> None:
    record_outcome(attempt_id=attempt.pk, outcome=Placed("777"))
    for outcome in (Placed("777"), Refused("Bad link", code="order")):
        record_outcome(attempt_id=attempt.pk, outcome=outcome)
    assert Order.objects.get().provider_order_id == "777"
    assert rows() == []
    assert not Alert.objects.filter(subject__startswith="orphans").exists()
