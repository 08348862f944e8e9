"""A catalogue over the bundled provider: `provider` is connected, `shop` is synced too and sells at a 50 % markup."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from panel.lib.secret import Secret
from providers.catalog.markups import set_markup
from providers.catalog.models import Category, Service
from providers.catalog.publishing.refresh import refresh_provider
from providers.connection.register import register_provider
from providers.models import Provider, ServiceChange, UpstreamService
from providers.sync.service_sync import SyncReport
from tests.fixtures_simulator import Simulator


@dataclass
class Shop:
    """The catalogue under test. Services are named by their number at the provider."""

    simulator: Simulator
    provider: Provider

    def sync(self, **options: Any) -> SyncReport:
        """One sync of the mirror and the shelf."""
        return refresh_provider(provider_id=self.provider.pk, now=timezone.now(), **options)

    def service(self, external_id: str) -> Service:
        """The shelf's row."""
        return Service.objects.get(upstream__external_id=external_id)

    def upstream(self, external_id: str) -> UpstreamService:
        """The mirror's row."""
        return UpstreamService.objects.get(external_id=external_id)

    def reload(self) -> Provider:
        return Provider.objects.get(pk=self.provider.pk)

    def everything(self) -> dict[str, Any]:
        """What a refusal, or a sync that finds nothing, must leave as it was."""
        models = (Provider, UpstreamService, ServiceChange, Category, Service)
        return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


@pytest.fixture
def provider(db: None, simulator: Simulator) -> Provider:
    """The simulator, connected; nothing synced yet."""
    return connect(simulator)


def connect(simulator: Simulator, **changes: Any) -> Provider:
    """The simulator as a provider, with what is given set differently."""
    given = {"name": "North", "currency": "USD", "exchange_rate": Decimal(1), "new_services": "all", **changes}
    return register_provider(url=simulator.url, key=Secret(simulator.key), **given)


@pytest.fixture
def shop(provider: Provider, simulator: Simulator) -> Shop:
    """Everything the simulator lists, on the shelf at cost plus 50 %: service 1 costs 0.90 and sells for 1.35."""
    made = Shop(simulator, provider)
    set_markup(percent=Decimal(50))
    made.sync()
    return made
