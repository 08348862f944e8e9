"""Unmatched orders whose id turns out to be an order's: its cost is booked once, whoever comes first."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.core.unmatched_orders import keep_unmatched_order
from orders.models import Attempt, Order, UnmatchedOrder
from orders.submission.record import record_outcome
from orders.unconfirmed.decisions import CannotResolveError
from orders.unconfirmed.restore_search import adopt_orphan, not_ours, write_off_orphan
from panel.ops.alerts.alerts import raise_alert
from panel.ops.models import Alert, AuditEvent
from providers.adapters.base import OrderStatus, Placed, ReportedStatus
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db

FOUND = OrderStatus("777", ReportedStatus.PENDING, "Pending", Decimal("0.9"), None, None, "USD")


@pytest.fixture
def sending(store: Store) -> Order:
    """An order whose provider has not answered yet."""
    return send(store)


def send(store: Store) -> Order:
    order = store.place()
    Order.objects.filter(pk=order.pk).update(state="SENDING", next_attempt_at=None)
    now = timezone.now()
    Attempt.objects.create(order=order, number=1, started_at=now, lease_until=now + timedelta(seconds=90))
    return order


def find(store: Store, **changes: str) -> UnmatchedOrder:
    keep_unmatched_order(provider=store.provider, row=replace(FOUND, **changes))
    raise_alert(subject=f"orphans:{store.provider.pk}", level=Alert.Level.CRITICAL, title="Found", detail="")
    return UnmatchedOrder.objects.get()


def answer(order: Order) -> None:
    record_outcome(attempt_id=order.attempts.get().pk, outcome=Placed("777"))


def told(store: Store) -> tuple[str, Decimal, Decimal, Decimal]:
    """What was said of it, and the cost as it is booked: there, by orders, and as lost."""
    there = store.house(store.provider.account)
    return UnmatchedOrder.objects.get().verdict, there, store.house(store.provider.cost_account), store.house("loss")


ONCE = ("adopted", Decimal("999.1"), Decimal("0.9"), Decimal(0))


def test_the_late_answer_says_whose_it_is(store: Store, sending: Order) -> None:
    orphan = find(store)
    answer(sending)
    assert store.fresh(sending).state == "ACTIVE"
    assert told(store) == ONCE
    orphan.refresh_from_db()
    assert (orphan.order_id, orphan.decided_by) == (sending.pk, "the panel")
    assert Alert.objects.get(subject__startswith="orphans").closed_at is not None
    event = AuditEvent.objects.get(action="unmatched order adopted")
    assert event.detail == {"reason": "The provider's answer named this ID.", "order": sending.pk}
    with pytest.raises(CannotResolveError, match="already decided"):
        write_off_orphan(orphan_id=orphan.pk, actor="staff", reason="nobody's")
    assert told(store) == ONCE
    assert audit_all() == []


def test_what_was_written_off_comes_back_with_the_late_answer(store: Store, sending: Order) -> None:
    orphan = find(store)
    write_off_orphan(orphan_id=orphan.pk, actor="staff", reason="nobody's")
    assert told(store) == ("lost", Decimal("999.1"), Decimal(0), Decimal("0.9"))
    answer(sending)
    assert told(store) == ONCE
    assert audit_all() == []


def test_what_was_somebody_elses_is_ours_after_all(store: Store, sending: Order) -> None:
    not_ours(orphan_id=find(store).pk, actor="staff", reason="by hand")
    answer(sending)
    assert told(store) == ONCE


@pytest.mark.parametrize("decide", [write_off_orphan, not_ours])
def test_an_id_that_an_order_has_is_not_decided_otherwise(
    store: Store, sending: Order, decide: Callable[..., None]
) -> None:
    """As they were left before: the answer came first, and nobody linked the two."""
    answer(sending)
    orphan = UnmatchedOrder.objects.create(
        provider=store.provider, external_id="777", charge=Decimal("0.9"), currency="USD"
    )
    with pytest.raises(CannotResolveError, match=f"Order #{sending.pk} has this ID by now"):
        decide(orphan_id=orphan.pk, actor="staff", reason="nobody's")
    assert told(store) == ONCE
    assert audit_all() == []


def test_what_became_an_orders_while_it_was_looked_for_is_no_find(
    store: Store, sending: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = UnmatchedOrder.objects.get_or_create

    def create(**given: object) -> tuple[UnmatchedOrder, bool]:
        answer(sending)
        return known(**given)

    monkeypatch.setattr(UnmatchedOrder.objects, "get_or_create", create)
    assert keep_unmatched_order(provider=store.provider, row=FOUND) is False
    assert told(store) == ONCE


def test_an_order_that_waits_takes_what_was_written_off(store: Store) -> None:
    order = store.place()
    orphan = find(store)
    adopt_orphan(orphan_id=orphan.pk, order_id=order.pk, actor="staff", reason="same link")
    assert (store.fresh(order).state, *told(store)) == ("ACTIVE", *ONCE)
    orphan.refresh_from_db()
    assert (orphan.order_id, orphan.decided_by) == (order.pk, "staff")
    assert AuditEvent.objects.get(action="unmatched order adopted").detail == {"reason": "same link", "order": order.pk}


@pytest.mark.parametrize("currency", ["EUR", "eur"])
def test_a_cost_in_another_currency_is_not_booked_as_one_of_the_providers(store: Store, currency: str) -> None:
    orphan = find(store, currency=currency)
    before = store.everything()
    with pytest.raises(CannotResolveError, match=r"cost 0\.9 EUR, but your account there is in USD"):
        write_off_orphan(orphan_id=orphan.pk, actor="staff", reason="nobody's")
    assert store.everything() == before
    assert told(store) == ("", Decimal(1000), Decimal(0), Decimal(0))
    not_ours(orphan_id=orphan.pk, actor="staff", reason="booked as a difference")
    assert told(store)[0] == "not ours"


@pytest.mark.parametrize("currency", ["", "usd"])
def test_a_currency_that_is_not_told_is_the_providers(store: Store, currency: str) -> None:
    write_off_orphan(orphan_id=find(store, currency=currency).pk, actor="staff", reason="nobody's")
    assert told(store) == ("lost", Decimal("999.1"), Decimal(0), Decimal("0.9"))
