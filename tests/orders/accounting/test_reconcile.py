"""Reconciling: what a provider says our money there is, against the books."""

from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction

from orders.accounting.reconcile import read_balances
from panel.ops.alerts.notice_jobs import send_due
from panel.ops.models import Alert
from providers.balances.readings import record_deposit
from providers.models import BalanceReading, Provider
from tests.fixtures_orders import Store


def open_alerts() -> set[str]:
    return {
        subject.partition(":")[0] for subject in Alert.objects.filter(closed_at=None).values_list("subject", flat=True)
    }


def test_the_first_reading_books_the_opening_balance(store: Store) -> None:
    reading = BalanceReading.objects.get()

    assert (reading.balance, reading.expected, reading.drift) == (1000, 1000, 0)
    assert store.house(store.provider.account) == 1000


def test_an_order_explains_what_it_cost(store: Store) -> None:
    store.active()
    reading = store.read_balance()

    assert (reading.balance, reading.expected, reading.at_risk, reading.drift) == (
        Decimal("999.1"),
        Decimal("999.1"),
        0,
        0,
    )


@pytest.mark.parametrize("fault", ["error500_before", "error500_after"])
def test_an_order_in_doubt_explains_either(store: Store, fault: str) -> None:
    store.simulator.next("add", fault)
    store.active()
    reading = store.read_balance()

    assert (reading.expected, reading.at_risk, reading.drift) == (1000, Decimal("0.9"), 0)


@pytest.mark.parametrize(
    ("balance", "drift", "alert", "level"),
    [("995", "-5", "paused-drift", "critical"), ("1004", "4", "drift", "warning")],
)
def test_a_lasting_drift_raises_an_alert_and_a_deposit_ends_it(
    store: Store, balance: str, drift: str, alert: str, level: str
) -> None:
    store.simulator.balance = Decimal(balance)
    assert store.read_balance().drift == Decimal(drift)
    assert open_alerts() == set()
    store.read_balance()
    assert open_alerts() == {alert}
    assert Alert.objects.get(closed_at=None).level == level

    record_deposit(provider=store.provider, amount=Decimal(drift), note="found")
    assert store.read_balance().drift == 0
    assert open_alerts() == set()


def test_a_low_balance_raises_an_alert_once(
    store: Store, settings: LazySettings, mailoutbox: list[EmailMessage]
) -> None:
    settings.ALERT_EMAILS = ["boss@example.com"]
    record_deposit(provider=store.provider, amount=Decimal("-990.5"))
    store.simulator.balance = Decimal("9.5")
    for _ in range(2):
        store.read_balance()
        send_due()
    assert open_alerts() == {"balance-low"}
    assert [mail.subject for mail in mailoutbox] == ["[Panel] Low balance at North"]

    record_deposit(provider=store.provider, amount=Decimal(100))
    store.simulator.balance = Decimal("109.5")
    store.read_balance()
    send_due()
    assert open_alerts() == set()
    assert mailoutbox[-1].subject == "[Panel] Resolved: Low balance at North"


def test_a_top_up_resumes_a_provider_that_ran_dry(store: Store) -> None:
    store.simulator.balance = Decimal("0.5")
    record_deposit(provider=store.provider, amount=Decimal("-999.5"), note="Taken back")
    order = store.active()
    assert (order.state, Provider.objects.get().paused_reason) == ("QUEUED", "funds")
    read_balances()
    assert Provider.objects.get().paused_reason == "funds"

    store.simulator.balance = Decimal(500)
    record_deposit(provider=store.provider, amount=Decimal("499.5"))
    read_balances()
    assert Provider.objects.get().paused_reason == ""
    assert store.submit(order).state == "ACTIVE"


def test_a_balance_in_another_currency_is_not_recorded_and_told_as_it_was_reported(store: Store) -> None:
    store.simulator.next("balance", "error503")
    read_balances()
    store.simulator.next("balance", "wrong_currency")
    before = store.everything()
    result = read_balances()

    assert (result.read, result.failed) == (0, 1)
    assert BalanceReading.objects.count() == 1
    assert Provider.objects.get().paused_reason == "currency"
    assert store.everything() == before
    assert open_alerts() == {"paused-currency"}
    said = "North reports a balance of 1000 INR, but its currency here is USD."
    assert said in Alert.objects.get(closed_at=None).detail


@pytest.mark.parametrize("fault", ["error503", "html", "null_balance", "reset"])
def test_a_balance_that_cannot_be_read_is_told(store: Store, fault: str) -> None:
    store.simulator.next("balance", fault)
    assert read_balances().failed == 1
    assert open_alerts() == {"balance-unread"}
    assert BalanceReading.objects.count() == 1

    assert read_balances().read == 1
    assert open_alerts() == set()


def test_a_deposit_is_booked_once_a_token(store: Store) -> None:
    record_deposit(provider=store.provider, amount=Decimal(5), token="form-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        record_deposit(provider=store.provider, amount=Decimal(5), token="form-1")

    assert store.house(store.provider.account) == 1005
