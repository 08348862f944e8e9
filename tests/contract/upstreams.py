"""The two upstreams that the adapter's contract is held against: the simulator, and our own API that buys from it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Self

from django.utils import timezone

from orders.aftercare.cancel_jobs import poll_cancels
from orders.aftercare.refill_jobs import poll_refills
from orders.models import Order
from orders.submission.sweep import sweep_orders
from panel.lib.secret import Secret
from providers.adapters.base import AddRequest, OrderStatus, Placed, ReportedStatus
from providers.adapters.registry import adapter_class
from providers.catalog.models import Service
from providers.catalog.publishing.refresh import refresh_provider
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import DEFAULT_SERVICE, SIMULATOR_BALANCE, Simulator


@dataclass
class Upstream:
    """The simulator as an upstream: an adapter to it, and what a test does behind its back."""

    simulator: Simulator
    url: str
    key: str
    opening: Decimal = SIMULATOR_BALANCE
    markup: Decimal = Decimal(1)
    """What its prices are, in those of the simulator."""

    def __post_init__(self) -> None:
        hosts = {"127.0.0.1", "localhost"}
        self.adapter = adapter_class("v2")(self.url, Secret(self.key), allowed_private_hosts=hosts)

    @contextmanager
    def with_key(self, key: str) -> Iterator[Self]:
        """The same upstream, asked with another key."""
        other = replace(self, key=key)
        try:
            yield other
        finally:
            other.adapter.close()

    def service(self, number: str) -> str:
        """Its id of what is the simulator's service of that number."""
        return number

    def list_service(self, number: str, **fields: Any) -> None:
        """Sell one more service."""
        self.simulator.add_service(number, **fields)

    def bought(self, order_id: str) -> str:
        """The simulator's id of an order."""
        return order_id

    def work(self) -> None:
        """Whatever runs by itself there, runs now."""

    def add(self, number: str = DEFAULT_SERVICE, **words: str) -> Placed:
        """Order 1000 on LINK, unless the words say otherwise."""
        given = {"service": self.service(number), "link": LINK, "quantity": "1000", **words}
        request = AddRequest({name: text for name, text in given.items() if text})
        return self.adapter.add(request=request, deadline=time.monotonic() + 30)

    def order(self, number: str = DEFAULT_SERVICE, **words: str) -> str:
        """The id of an order that is under way."""
        order_id = self.add(number, **words).order_id
        self.work()
        return order_id

    def status(self, order_id: str) -> OrderStatus:
        found = self.adapter.status(order_id=order_id)
        assert isinstance(found, OrderStatus), found
        return found

    def pending(self, order_id: str, charge: str, remains: int) -> OrderStatus:
        """An order that nothing has happened to yet."""
        return OrderStatus(order_id, ReportedStatus.PENDING, "Pending", self.price(charge), None, remains, "USD")

    def advance(self, seconds: float) -> None:
        """Let that much time pass, and everybody hear of it."""
        self.work()
        self.simulator.advance(seconds)
        self.work()

    def say(self, order_id: str, said: Mapping[str, Any]) -> None:
        """Have the simulator say this of an order, and everybody hear of it."""
        self.simulator.set_order(self.bought(order_id), **said)
        self.work()

    def price(self, amount: str) -> Decimal:
        """What costs `amount` at the simulator."""
        return Decimal(amount) * self.markup

    def spent(self) -> Decimal:
        return self.opening - self.adapter.balance().amount


@dataclass(kw_only=True)
class PanelUpstream(Upstream):
    """Our own API as an upstream, for a customer of the store."""

    store: Store

    def service(self, number: str) -> str:
        return str(Service.objects.get(upstream__external_id=number).pk)

    def list_service(self, number: str, **fields: Any) -> None:
        super().list_service(number, **fields)
        refresh_provider(provider_id=self.store.provider.pk, now=timezone.now())

    def bought(self, order_id: str) -> str:
        return str(Order.objects.get(pk=order_id).provider_order_id)

    def work(self) -> None:
        now = timezone.now()
        sweep_orders(now=now, everything=True)
        poll_cancels(now=now, everything=True)
        self.store.poll()
        poll_refills(now=now, everything=True)
