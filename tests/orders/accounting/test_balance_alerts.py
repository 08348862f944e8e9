"""What follows from a reading: alerts that come and go, and a pause where too much money is missing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.models import Order
from panel.ops.alerts.alerts import dismiss_alert
from panel.ops.models import Alert, AuditEvent
from panel.wallet import ledger
from panel.wallet.models import Transfer
from providers.balances.alert_rules import (
    NotPausedError,
    exceeds_drift_limit,
    resume_despite_drift,
    update_balance_alerts,
)
from providers.balances.readings import record_deposit
from providers.balances.runway import runway_of
from providers.balances.spending import Spending, spending_by_provider
from providers.models import BalanceReading, Provider
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db


def open_alerts() -> dict[str, str]:
    rows = Alert.objects.filter(closed_at=None).values_list("subject", "level")
    return {subject.partition(":")[0]: level for subject, level in rows}


def paused() -> str:
    return Provider.objects.get().paused_reason


def test_spend_is_what_went_to_the_cost_account_less_what_came_back(store: Store) -> None:
    first = store.active()
    store.active("3", comments="a\nb\nc\nd\ne")
    store.simulator.set_order(first.provider_order_id, status="Partial", remains=400, charge="0.54")
    store.poll()
    now = timezone.now()
    assert spending_by_provider(now=now)[store.provider.pk] == Spending(
        Decimal("0.58"), Decimal("0.58"), Decimal("0.9")
    )
    later = spending_by_provider(now=now + timedelta(days=2))[store.provider.pk]
    assert (later.day, later.week, later.largest) == (0, Decimal("0.58"), 0)
    assert spending_by_provider(now=now + timedelta(days=8))[store.provider.pk] == Spending()
    assert Transfer.objects.filter(key__startswith="cost:").count() == 3


def test_of_one_provider_no_other_is_read(store: Store) -> None:
    first = store.active()
    store.simulator.set_order(first.provider_order_id, status="Partial", remains=400, charge="0.54")
    store.poll()
    other = Provider.objects.create(name="South", url="https://south.example/")
    Transfer.objects.create(
        key="cost:0:1",
        source=ledger.house_account(house=other.account, currency="USD"),
        target=ledger.house_account(house=other.cost_account, currency="USD"),
        amount=Decimal(7),
    )
    now = timezone.now()
    mine, theirs = (
        Spending(Decimal("0.54"), Decimal("0.54"), Decimal("0.9")),
        Spending(Decimal(7), Decimal(7), Decimal(7)),
    )
    for asked, found in (
        (None, {store.provider.pk: mine, other.pk: theirs}),
        ([store.provider.pk], {store.provider.pk: mine}),
        ([other.pk], {other.pk: theirs}),
        ([], {}),
    ):
        assert spending_by_provider(now=now, provider_ids=asked) == found


def test_how_long_it_lasts() -> None:
    spend = Spending(day=Decimal(24), week=Decimal(24))
    assert (spend.per_day, spend.per_hour) == (24, 1)
    assert Spending(day=Decimal(1), week=Decimal(70)).per_day == 10
    assert runway_of(Decimal("7.5"), spend) == timedelta(hours=7, minutes=30)
    assert runway_of(Decimal(-5), spend) == timedelta()
    assert runway_of(Decimal(7), Spending()) is None


def test_too_much_is_more_than_the_largest_order_or_half_a_percent_of_the_day() -> None:
    spend = Spending(day=Decimal(1000), largest=Decimal(8))
    assert [exceeds_drift_limit(Decimal(missing), spend) for missing in ("5", "5.01")] == [False, True]
    small = Spending(day=Decimal(1000), largest=Decimal("0.9"))
    assert [exceeds_drift_limit(Decimal(missing), small) for missing in ("0.9", "0.91")] == [False, True]


def test_missing_money_pauses_placing_after_two_readings_and_an_explanation_ends_it(store: Store) -> None:
    store.active()
    store.simulator.balance -= Decimal(2)
    store.read_balance()
    assert (paused(), open_alerts()) == ("", {})
    store.read_balance()
    assert (paused(), open_alerts()) == ("drift", {"paused-drift": "critical"})
    waits = store.active()
    assert waits.state == "QUEUED"
    store.read_balance()
    assert Alert.objects.filter(subject__startswith="paused-drift").count() == 1

    record_deposit(provider=store.provider, amount=Decimal(-2), note="Ordered by hand")
    store.read_balance()
    assert (paused(), open_alerts()) == ("", {})
    assert store.submit(waits).state == "ACTIVE"


def test_staff_have_it_go_on_and_only_more_missing_pauses_it_again(store: Store) -> None:
    store.simulator.balance -= Decimal(5)
    for _ in range(2):
        store.read_balance()
    assert paused() == "drift"
    resume_despite_drift(provider_id=store.provider.pk, actor="boss@example.com", reason="Their support looks into it")
    event = AuditEvent.objects.get(action="provider.resume")
    assert (event.actor, event.detail) == (
        "boss@example.com", {"reason": "Their support looks into it", "missing": "5"},
    )  # fmt: skip
    with pytest.raises(NotPausedError):
        resume_despite_drift(provider_id=store.provider.pk, actor="boss@example.com", reason="Again")
    assert AuditEvent.objects.count() == 1

    for _ in range(2):
        store.read_balance()
    assert (paused(), open_alerts()) == ("", {"drift": "warning"})
    store.simulator.balance -= Decimal(3)
    store.read_balance()
    assert (paused(), open_alerts()) == ("drift", {"paused-drift": "critical"})

    record_deposit(provider=store.provider, amount=Decimal(-8))
    store.read_balance()
    assert (paused(), open_alerts(), Provider.objects.get().accepted_missing) == ("", {}, 0)


def test_more_than_we_know_of_pauses_nothing(store: Store) -> None:
    store.simulator.balance += Decimal(50)
    for _ in range(3):
        store.read_balance()
    assert (paused(), open_alerts()) == ("", {"drift": "warning"})


def test_a_balance_that_lasts_only_hours_is_told_until_it_lasts_longer(store: Store) -> None:
    Order.objects.filter(pk=store.active().pk).update(cost=Decimal("0.9"))
    record_deposit(provider=store.provider, amount=Decimal("-998.8"), note="Taken back")
    store.simulator.balance = Decimal("0.3")
    Provider.objects.update(low_balance=0)
    store.read_balance()
    assert open_alerts() == {"runway": "warning"}
    alert = Alert.objects.get(closed_at=None)
    assert alert.title == "Balance at North lasts less than 12 hours"
    assert alert.detail == "It lasts 8 hours at the current spending of $0.90 a day. Top it up, or orders will wait."
    Provider.objects.update(runway_hours=0)
    store.read_balance()
    assert open_alerts() == {}
    Provider.objects.update(runway_hours=12)
    store.read_balance()
    store.simulator.balance = Decimal("100.3")
    record_deposit(provider=store.provider, amount=Decimal(100))
    store.read_balance()
    assert open_alerts() == {}


def test_the_runway_alert_does_not_flap_around_its_limit(store: Store) -> None:
    """It opens below 12 hours and closes from 15 on."""
    store.active()  # 0.90 a day

    def reads(hours: str) -> dict[str, str]:
        balance = Decimal("0.9") / 24 * Decimal(hours)
        BalanceReading.objects.create(
            provider=store.provider, balance=balance, currency="USD", expected=balance, drift=0
        )
        update_balance_alerts(provider=store.provider, now=timezone.now())
        return {kind: level for kind, level in open_alerts().items() if kind == "runway"}

    opens = {"runway": "warning"}
    assert [reads(hours) for hours in ("12", "11.9", "12.1", "14.9", "15", "14.9", "11.9")] == [
        {}, opens, opens, opens, {}, {}, opens,
    ]  # fmt: skip


def test_a_low_balance_that_was_dismissed_is_told_at_the_next_reading(store: Store) -> None:
    Provider.objects.update(low_balance=2000)
    store.read_balance()
    assert dismiss_alert(alert_id=Alert.objects.get().pk, actor="ann@example.com")
    assert open_alerts() == {}
    store.read_balance()
    assert open_alerts() == {"balance-low": "warning"}


def test_a_reading_of_a_provider_that_is_switched_off_raises_nothing(store: Store) -> None:
    Provider.objects.update(low_balance=2000, is_active=False)
    store.read_balance()
    assert open_alerts() == {}
