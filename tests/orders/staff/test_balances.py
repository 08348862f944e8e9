"""All providers' money together: in the shop's currency, the most urgent first, and how much of it is explained."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from orders.accounting.provider_balances import Funds, Waiting, funds, waiting_orders
from panel.wallet import ledger
from providers.availability.circuit_breaker import pause_provider
from providers.balances.provider_balances import provider_balances
from providers.models import BalanceReading, Provider
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db


def look() -> Funds:
    return funds(fundings=provider_balances(now=timezone.now()), waiting=waiting_orders())


def another(name: str, *, balance: int, drift: int = 0, **fields: object) -> Provider:
    provider = Provider.objects.create(name=name, url="https://other.example/", currency="EUR", **fields)
    BalanceReading.objects.create(provider=provider, balance=balance, currency="EUR", expected=balance, drift=drift)
    return provider


def test_sums_are_in_the_shops_currency_and_what_is_urgent_comes_first(store: Store) -> None:
    store.active()
    waits = [store.place(), store.place("4")]
    another("Calm", balance=100, exchange_rate=Decimal("1.5"))
    another("Odd", balance=100, drift=-3, exchange_rate=2)
    another("Low", balance=2)
    pause_provider(provider_id=another("Stuck", balance=50).pk, reason="key")
    pause_provider(provider_id=another("Off", balance=7, is_active=False).pk, reason="funds")
    found = look()
    names = [row.funding.provider.name for row in found.rows]
    assert names == ["Stuck", "Low", "Odd", "Calm", "North", "Off"]
    assert (found.total, found.missing, found.paused) == (1000 + 150 + 200 + 2 + 50, 6, 1)
    (north,) = [row for row in found.rows if row.funding.provider.name == "North"]
    assert (north.waiting.orders, north.waiting.cost, north.covers_waiting) == (2, Decimal("1.15"), True)
    assert north.waiting.since == waits[0].queued_at
    assert (found.waiting, found.waiting_cost) == (2, Decimal("1.15"))
    assert found.explained == 13  # 0.9 of 6.9
    assert found.first_dry is None


def test_nothing_spent_and_nothing_missing_is_neither_explained_nor_not(store: Store) -> None:
    found = look()
    assert (found.explained, found.per_day, found.waiting) == (None, 0, 0)
    assert waiting_orders() == {}
    assert Waiting().cost == 0


def test_the_first_to_run_dry_is_named_with_its_moment(store: Store) -> None:
    store.active()
    ledger.record_deposit(account=store.provider.account, currency="USD", amount=Decimal(-997), key="deposit:x")
    reading = BalanceReading.objects.create(
        provider=store.provider, balance=Decimal("1.8"), currency="USD", expected=Decimal("2.1"), drift=0
    )
    found = look()
    assert found.first_dry is not None
    assert found.first_dry.dry_at == reading.at + timedelta(days=2)
    assert (found.explained, found.per_day) == (100, Decimal("0.9"))


def test_the_page_tells_all_of_it(owner: Client, store: Store) -> None:
    store.place()
    another("Odd", balance=100, drift=-3, exchange_rate=2)
    page = owner.get("/staff/balances/").content.decode()
    for words in ("$1,200.00", "€100.00", "−€3.00", "$200.00", "$6.00", "0.0%"):
        assert words in page, words
    assert page.index(">Odd<") < page.index(">North<")


def test_the_pages_show_the_status_of_each_provider(owner: Client, store: Store) -> None:
    paused = another("Stuck", balance=50)
    pause_provider(provider_id=paused.pk, reason="key")
    for url in ("/staff/balances/", f"/staff/balances/{paused.pk}/", "/staff/"):
        page = owner.get(url)
        assert page.status_code == 200, url
        assert ">Paused</span>" in page.content.decode(), url
