"""Each reason for a pause begins and ends by itself, and its alert is open exactly while it lasts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.accounting.reconcile import read_balances
from panel.ops.alerts.alerts import dismiss_alert
from panel.ops.models import Alert
from providers.availability.circuit_breaker import (
    MAX_OPEN_TIME,
    available_providers,
    pause_provider,
    record_failure,
    record_success,
    resume_provider,
)
from providers.models import Pause, Provider
from tests.fixtures_orders import Store
from tests.fixtures_shop import Shop

pytestmark = pytest.mark.django_db


def open_alerts() -> list[str]:
    return sorted(Alert.objects.filter(closed_at=None).values_list("subject", flat=True))


def reasons() -> list[str]:
    return list(Pause.objects.values_list("reason", flat=True))


def is_open(provider: Provider) -> bool:
    return Provider.objects.filter(available_providers(now=timezone.now()), pk=provider.pk).exists()


def test_two_reasons_end_one_by_one(provider: Provider) -> None:
    pk = provider.pk
    pause_provider(provider_id=pk, reason="funds")
    pause_provider(provider_id=pk, reason="key", detail="Invalid key.")
    assert reasons() == ["funds", "key"]
    assert (provider.paused_reason, is_open(provider)) == ("funds", False)
    assert open_alerts() == [f"paused-funds:{pk}", f"paused-key:{pk}"]
    alert = Alert.objects.get(subject=f"paused-key:{pk}")
    assert (alert.level, alert.title) == ("critical", "North is paused: API key rejected")
    assert alert.detail.endswith(" Invalid key.")

    assert resume_provider(provider_id=pk, reason="funds")
    assert not resume_provider(provider_id=pk, reason="funds")
    assert (reasons(), open_alerts(), is_open(provider)) == (["key"], [f"paused-key:{pk}"], False)
    assert resume_provider(provider_id=pk, reason="key")
    assert (reasons(), open_alerts(), is_open(provider), provider.paused_reason) == ([], [], True, "")


def test_a_reason_that_is_met_again_is_one_pause_since_it_was_first_met(provider: Provider) -> None:
    pause_provider(provider_id=provider.pk, reason="funds", detail="First.")
    since = Pause.objects.get().since
    pause_provider(provider_id=provider.pk, reason="funds", detail="Second.")
    pause = Pause.objects.get()
    assert (pause.since, pause.detail, Alert.objects.count()) == (since, "Second.", 1)


def test_healthy_readings_end_every_pause_that_a_reading_can_end(store: Store) -> None:
    for reason in ("funds", "key", "currency"):
        pause_provider(provider_id=store.provider.pk, reason=reason)
    read_balances()
    assert (reasons(), open_alerts()) == ([], [])


def test_a_list_in_another_currency_pauses_until_a_list_is_believed(shop: Shop) -> None:
    shop.simulator.next("services", "wrong_currency")
    shop.sync()
    read_balances()  # in the right currency, which says nothing about the list
    assert reasons() == ["list-currency"]
    shop.sync()
    assert (reasons(), open_alerts()) == ([], [])


def test_a_dismissed_alert_of_a_pause_opens_when_its_reason_is_met_again(provider: Provider) -> None:
    pause_provider(provider_id=provider.pk, reason="key")
    assert dismiss_alert(alert_id=Alert.objects.get().pk, actor="ann@example.com")
    assert open_alerts() == []
    pause_provider(provider_id=provider.pk, reason="key")
    assert open_alerts() == [f"paused-key:{provider.pk}"]


def test_the_breaker_waits_no_longer_than_the_longest_closure_however_often_it_opens(provider: Provider) -> None:
    now, waits = timezone.now(), []
    for trips in (0, 1, 2, 3, 4, 41, 1000):
        Provider.objects.filter(pk=provider.pk).update(trips_in_a_row=trips, unknown_in_a_row=1)
        record_failure(provider_id=provider.pk, kind="unknown", sent_at=now, now=now)
        fresh = Provider.objects.get(pk=provider.pk)
        assert fresh.breaker_open_until is not None
        assert fresh.trips_in_a_row == trips + 1
        waits.append(fresh.breaker_open_until - now)
        record_failure(provider_id=provider.pk, kind="unknown", sent_at=now - timedelta(seconds=1), now=now)
        assert (
            Provider.objects.get(pk=provider.pk).breaker_open_until == fresh.breaker_open_until
        )  # sent before it opened
    assert waits == [*(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)), *[MAX_OPEN_TIME] * 3]
    assert open_alerts() == [f"breaker:{provider.pk}"]
    record_success(provider_id=provider.pk)
    assert open_alerts() == []


def test_a_provider_that_is_switched_off_has_no_alert_and_keeps_its_pause(provider: Provider) -> None:
    Provider.objects.filter(pk=provider.pk).update(is_active=False)
    pause_provider(provider_id=provider.pk, reason="drift")
    assert (reasons(), open_alerts()) == (["drift"], [])


def test_funds_and_key_through_an_order_and_the_job(store: Store) -> None:
    """Both reasons come from refusals of the provider, and the readings end both."""
    store.simulator.balance = Decimal("0.5")
    first = store.active()
    assert reasons() == ["funds"]
    store.simulator.next("balance", "invalid_key")
    read_balances()
    assert reasons() == ["funds", "key"]
    store.simulator.balance = Decimal(1000)
    for _ in range(3):
        read_balances()
    assert (reasons(), open_alerts()) == ([], [])
    assert store.submit(first).state == "ACTIVE"
