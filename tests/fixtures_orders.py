"""A small shop for tests of orders: the simulator's services at a 50 % markup, and a customer with 100 USD.

Prices: service 1 sells for 1.35 per 1000, the package 2 for 7.50, the comments 3 for 12 per 1000, service 4 for 0.375.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.accounting.reconcile import read_balance
from orders.models import Order
from orders.placing.place import place_order
from orders.submission.submit import submit_order
from orders.tracking.poll import Polled, poll_provider
from panel.customers.models import User
from panel.wallet import ledger
from panel.wallet.models import Account, Transfer
from providers.catalog.models import Service
from providers.models import BalanceReading, Provider
from tests.fixtures_shop import Shop
from tests.fixtures_simulator import DEFAULT_SERVICE, Simulator

LINK = "https://www.instagram.com/natgeo"


@dataclass
class Store:
    """The shop under test, with the steps of an order's life as short words."""

    simulator: Simulator
    provider: Provider
    customer: User

    def service(self, external_id: str = DEFAULT_SERVICE) -> Service:
        return Service.objects.get(upstream__external_id=external_id)

    def place(self, external_id: str = DEFAULT_SERVICE, **words: str) -> Order:
        """An order of 1000 on LINK, unless the words say otherwise."""
        given = {"link": LINK, "quantity": "1000", **words}
        placed = place_order(
            customer=self.customer, service_id=self.service(external_id).pk, params=given, now=timezone.now()
        )
        return placed.order

    def submit(self, order: Order) -> Order:
        submit_order(order_id=order.pk, even_early=True)
        return self.fresh(order)

    def active(self, external_id: str = DEFAULT_SERVICE, **words: str) -> Order:
        """An order that the provider has accepted."""
        return self.submit(self.place(external_id, **words))

    def poll(self) -> Polled:
        return poll_provider(provider=Provider.objects.get(pk=self.provider.pk), everything=True)

    def read_balance(self) -> BalanceReading:
        return read_balance(provider=Provider.objects.get(pk=self.provider.pk))

    def fresh(self, order: Order) -> Order:
        return Order.objects.get(pk=order.pk)

    def wallet(self) -> Decimal:
        balance = Account.objects.get(customer=self.customer).balance
        assert balance is not None
        return balance

    def house(self, name: str) -> Decimal:
        return ledger.balance(account=ledger.house_account(house=name, currency="USD"))

    def money(self) -> dict[str, Decimal]:
        """Where all the money is."""
        names = ("held", "revenue", self.provider.account, self.provider.cost_account)
        return {"wallet": self.wallet(), **{name.partition(":")[0]: self.house(name) for name in names}}

    def everything(self) -> dict[str, Any]:
        """What a refusal must leave as it was."""
        return {
            "money": self.money(),
            "transfers": Transfer.objects.count(),
            "orders": list(Order.objects.order_by("pk").values()),
            "bought": len(self.simulator.orders()),
        }

    def let_lease_end(self, order: Order) -> datetime:
        """Put the order's live attempt into the past, as if its worker had died long ago."""
        past = timezone.now() - timedelta(minutes=5)
        order.attempts.filter(outcome__in=["unknown"]).update(lease_until=past)
        order.attempts.filter(outcome=None).update(lease_until=past)
        return past


@pytest.fixture
def store(shop: Shop) -> Store:
    """The shop, with the provider's opening balance of 1000 in the books."""
    customer = User.objects.create_user("ada@example.com", "correct horse battery")
    ledger.credit_wallet(user=customer, amount=Decimal(100), key="credit:opening")
    store = Store(shop.simulator, shop.provider, customer)
    store.read_balance()
    return store
