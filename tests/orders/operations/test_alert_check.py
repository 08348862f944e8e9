"""The job that brings alerts in line with what they stand for: opened where they are due, closed where they are not."""

from decimal import Decimal

import pytest
from django.utils import timezone

from orders.aftercare.unanswered_requests import KIND
from orders.models import Refill, UnmatchedOrder
from orders.operations.alert_check import check_alerts
from orders.unconfirmed.decisions import refund_unconfirmed
from orders.unconfirmed.restore_search import not_ours
from panel.ops.alerts.alerts import dismiss_alert, raise_alert
from panel.ops.models import Alert
from panel.wallet.deposits.deposits import cancel_deposit, report_deposit
from panel.wallet.models import PaymentMethod
from providers.admin.edit import save_provider
from providers.availability.circuit_breaker import pause_provider
from providers.models import Pause, Provider
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db


def open_alerts() -> list[str]:
    return sorted(Alert.objects.filter(closed_at=None).values_list("subject", flat=True))


def test_what_lasts_is_told_again_after_it_was_dismissed_and_closed_when_it_is_over(store: Store) -> None:
    pk = store.provider.pk
    bank = PaymentMethod.objects.create(name="Bank", instructions="Pay.")
    asked = report_deposit(
        customer=store.customer, method_id=bank.pk, amount=Decimal(5), reference="x", token="a" * 32,
        now=timezone.now(),
    )  # fmt: skip
    store.simulator.next("add", "reset_before_create")
    doubt = store.active()
    orphan = UnmatchedOrder.objects.create(provider=store.provider, external_id="77")
    refill = Refill.objects.create(order=store.active("4"), state="unknown", next_at=None)
    pause_provider(provider_id=pk, reason="key")
    Provider.objects.update(trips_in_a_row=3, held_list="small", sync_error="Small.", prices_held_at=timezone.now())
    expected = [
        f"breaker:{pk}", f"doubtful:{pk}", f"orphans:{pk}", f"paused-key:{pk}", f"prices:{pk}", f"{KIND}:{pk}",
        f"sync:{pk}", "top-ups",
    ]  # fmt: skip
    for _ in range(2):
        check_alerts()
        assert open_alerts() == expected
        for alert in Alert.objects.filter(closed_at=None):
            assert dismiss_alert(alert_id=alert.pk, actor="ann@example.com")
        assert open_alerts() == []
    check_alerts()

    Alert.objects.filter(closed_at=None).update(title="as it was")
    cancel_deposit(customer=store.customer, deposit_id=asked.pk, now=timezone.now())
    store.let_lease_end(doubt)
    refund_unconfirmed(order_id=doubt.pk, actor="ann", reason="x")
    not_ours(orphan_id=orphan.pk, actor="ann", reason="x")
    Refill.objects.filter(pk=refill.pk).update(state="rejected")
    Pause.objects.all().delete()
    Provider.objects.update(trips_in_a_row=0, held_list="", sync_error="", prices_held_at=None)
    check_alerts()
    assert open_alerts() == []


def test_alerts_of_a_provider_that_is_switched_off_or_removed_are_closed(store: Store) -> None:
    pk, gone = store.provider.pk, store.provider.pk + 1000
    kinds = ("balance-low", "balance-unread", "runway", "drift", "breaker", "sync", "prices", "paused-key")
    for number in (pk, gone):
        for kind in kinds:
            raise_alert(subject=f"{kind}:{number}", level=Alert.Level.WARNING, title="x")
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="x")
    UnmatchedOrder.objects.create(provider=store.provider, external_id="77")
    check_alerts()
    assert open_alerts() == sorted(
        ["books", f"orphans:{pk}", *(f"{kind}:{pk}" for kind in ("balance-low", "balance-unread", "runway", "drift"))]
    )

    store.provider.is_active = False
    save_provider(provider=store.provider, changed=["is_active"], key=None)
    assert open_alerts() == ["books", f"orphans:{pk}"]  # an order that was found waits for a decision all the same
    check_alerts()
    assert open_alerts() == ["books", f"orphans:{pk}"]
