"""The suppliers of a service: its own, and the backups that staff set. Called by the submission of orders."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from providers.availability.circuit_breaker import unpaused_providers
from providers.catalog.models import Backup
from providers.models import Provider, UpstreamService


@dataclass(frozen=True, slots=True)
class Supplier:
    """An upstream service to order from. `rate` is in `currency`, whose unit is worth `exchange_rate` in the shop's."""

    provider_id: int
    provider: str
    external_id: str
    rate: Decimal
    currency: str
    exchange_rate: Decimal
    min: int
    max: int
    dripfeed: bool


def upstream_service_for(*, provider_id: int, external_id: str) -> UpstreamService:
    """The upstream service that an order is placed with, and its provider."""
    return UpstreamService.objects.select_related("provider").get(provider_id=provider_id, external_id=external_id)


def backup_suppliers(*, service_id: int) -> Iterator[Supplier]:
    """The service's usable backups in order: listed, not under review, of its type, at providers that accept orders."""
    rows = Backup.objects.filter(
        service=service_id,
        upstream__missing=0,
        upstream__review_reason="",
        upstream__provider__in=Provider.objects.filter(unpaused_providers()),
    ).select_related("upstream__provider", "service")
    for row in rows:
        upstream, provider = row.upstream, row.upstream.provider
        if upstream.type == row.service.type:
            yield Supplier(
                provider_id=provider.pk,
                provider=provider.name,
                external_id=upstream.external_id,
                rate=upstream.rate,
                currency=provider.currency,
                exchange_rate=provider.exchange_rate,
                min=upstream.min,
                max=upstream.max,
                dripfeed=upstream.dripfeed,
            )
