"""Updates the catalog from the upstream services, the markups and staff's settings; new services are added.

Called after a sync, after a markup changed, and when staff approve a change. Writes only the rows that differ.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from panel.lib.database.bulk import update_rows
from providers.catalog.models import CatalogVersion, Markup, Service
from providers.catalog.pricing.rates import MinimumMargin, Rule, RuleBook
from providers.catalog.publishing.category_mapping import categories_of
from providers.catalog.publishing.category_moves import update_moves_alert
from providers.catalog.publishing.derived_fields import (
    CHOSEN,
    DERIVED,
    GONE,
    SOURCE,
    CategoryMoves,
    Context,
    Row,
    derive,
)
from providers.catalog.publishing.update_log import OfferChange, PublicOffer, log_updates, public_offer
from providers.models import Provider, UpstreamService

ROWS_PER_STATEMENT = 500
IDS_PER_QUERY = 500
NAME = DERIVED.index("name")

_derived_now = itemgetter(*(f"service__{name}" for name in DERIVED))
_chosen_now = itemgetter(*(f"service__{name}" for name in CHOSEN))


@dataclass(frozen=True, slots=True)
class PublishReport:
    """How many services were added, and how many changed."""

    created: int = 0
    changed: int = 0


def publish_changes(*, provider_id: int, external_ids: Sequence[str] | None = None, now: datetime) -> PublishReport:
    """Update the catalog from these services of the provider, or all; new ones by its `new_services` setting."""
    rows = UpstreamService.objects.filter(provider_id=provider_id)
    if external_ids is not None and len(external_ids) <= IDS_PER_QUERY:
        rows = rows.filter(external_id__in=external_ids)
    return publish(rows, from_providers=Provider.objects.filter(pk=provider_id), now=now, moves=CategoryMoves.HOLD)


def reprice(
    *, provider_id: int | None = None, category_id: int | None = None, service_id: int | None = None
) -> PublishReport:
    """Update services by the current markups and settings: all, or those of the given provider, category or service.

    Call it in the transaction that changed a markup, an exchange rate, or the settings of a service.
    """
    rows, providers = UpstreamService.objects.filter(service__isnull=False), Provider.objects.all()
    if service_id is not None:
        rows = rows.filter(service__pk=service_id)
    if category_id is not None:
        rows = rows.filter(service__category_id=category_id)
    if provider_id is not None:
        rows, providers = rows.filter(provider_id=provider_id), providers.filter(pk=provider_id)
    return publish(rows, from_providers=providers, now=timezone.now())


def publish_confirmed(*, pks: Sequence[int], now: datetime) -> PublishReport:
    """Update the catalog from these upstream services, which staff have approved. Call it in that transaction."""
    return publish(UpstreamService.objects.filter(pk__in=pks), from_providers=Provider.objects.all(), now=now)


def lock_catalog() -> None:
    """Take the lock that syncs and markup changes take. Call it in a transaction, before services are written."""
    list(Provider.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def write_enabled(*, service_ids: Sequence[int], is_enabled: bool, now: datetime) -> int:
    """Enable or disable these services and log it for customers; how many changed. Call it under `lock_catalog`."""
    services = Service.objects.filter(pk__in=service_ids).exclude(is_enabled=is_enabled)
    visible = list(services.filter(is_available=True).only("name", "listed_at", "rate", "min", "max"))
    changed = services.update(is_enabled=is_enabled, changed_at=now)
    if is_enabled:
        new = [service.pk for service in visible if service.listed_at is None]
        Service.objects.filter(pk__in=new).update(listed_at=now)
    changes = [
        OfferChange(service.pk, service.name, None, public_offer(service), was_listed=service.listed_at is not None)
        if is_enabled
        else OfferChange(service.pk, service.name, public_offer(service), None)
        for service in visible
    ]
    log_updates(changes=changes, now=now)
    return changed


def bump_catalog_version() -> None:
    """Invalidate caches of the catalog. Call it in the transaction that changed something that customers see."""
    version = secrets.token_hex(16)
    if not CatalogVersion.objects.filter(pk=1).update(version=version):
        CatalogVersion.objects.bulk_create([CatalogVersion(pk=1, version=version)], ignore_conflicts=True)


def minimum_margin_for(provider: Provider) -> MinimumMargin:
    """The minimum margin for the provider's services."""
    return MinimumMargin(percent=settings.MINIMUM_MARGIN_PERCENT, hides=provider.low_margin == Provider.LowMargin.HIDE)


def rule_book() -> RuleBook:
    """The current markups."""
    fields = ("percent", "fixed", "decimals", "provider_id", "category_id", "service_id")
    return RuleBook(Rule(**row) for row in Markup.objects.values(*fields))


def publish(
    rows: QuerySet[UpstreamService],
    *,
    from_providers: QuerySet[Provider],
    now: datetime,
    moves: CategoryMoves = CategoryMoves.KEEP,
) -> PublishReport:
    """Update the catalog from these upstream services of these providers, by the current markups and settings.

    One transaction. The providers are locked first, so that nobody prices by markups that are about to change.
    """
    with transaction.atomic():
        columns = ("name", "exchange_rate", "new_services", "low_margin", "is_active", "prices_held_at")
        locked = from_providers.select_for_update(no_key=True).order_by("pk").only(*columns)
        providers = {provider.pk: provider for provider in locked}
        read = _read_rows(rows)
        headings = categories_of(read, is_sync=moves == CategoryMoves.HOLD)
        context = Context(
            exchange_rates={pk: provider.exchange_rate for pk, provider in providers.items()},
            minimum_margins={pk: minimum_margin_for(provider) for pk, provider in providers.items()},
            categories=headings.categories,
            rules=rule_book(),
            moves=moves,
            held={pk for pk, provider in providers.items() if provider.prices_held_at},
            off={pk for pk, provider in providers.items() if not provider.is_active},
        )
        enabled = {pk for pk, provider in providers.items() if provider.new_services == Provider.NewServices.ALL}
        created = _create([row for row in read if row["service__pk"] is None], context, enabled, now)
        changed = _update([row for row in read if row["service__pk"] is not None], context, now)
        if created or changed or headings.is_renamed:
            bump_catalog_version()
        if (changed and moves == CategoryMoves.HOLD) or any(row["service__move_waits"] for row in read):
            for provider in providers.values():
                update_moves_alert(provider)
    return PublishReport(created=created, changed=changed)


def _read_rows(rows: QuerySet[UpstreamService]) -> list[Row]:
    """These upstream services with their services, as `derive` takes them, in the provider's order."""
    ours = (*CHOSEN, *DERIVED, "is_enabled", "listed_at")
    columns = (*SOURCE, "service__pk", *(f"service__{name}" for name in ours))
    return list(rows.order_by("position", "pk").values(*columns))


def _create(rows: Iterable[Row], context: Context, enabled: set[int], now: datetime) -> int:
    services = [
        Service(
            upstream_id=row["pk"],
            provider_id=row["provider_id"],
            position=row["position"],
            is_enabled=row["provider_id"] in enabled,
            changed_at=now,
            **dict(zip(DERIVED, derive(row, context), strict=True)),
        )
        for row in rows
        if row["missing"] < GONE
    ]
    for service in services:
        service.listed_at = now if service.is_for_sale else None
    Service.objects.bulk_create(services, batch_size=ROWS_PER_STATEMENT)
    changes = (
        OfferChange(service.pk, service.name, None, public_offer(service), was_listed=False)
        for service in services
        if service.is_for_sale
    )
    log_updates(changes=changes, now=now)
    return len(services)


def _update(rows: Iterable[Row], context: Context, now: datetime) -> int:
    """Rows whose settings change at this moment are left out: whoever changes them updates them."""
    writes, changes = [], {}
    for row in rows:
        derived = derive(row, context)
        if derived != (current := _derived_now(row)):
            pk, listed_at = row["service__pk"], row["service__listed_at"]
            before, after = _offer(row, current), _offer(row, derived)
            name = (derived if after else current)[NAME]
            changes[pk] = OfferChange(pk, name, before, after, was_listed=listed_at is not None)
            writes.append((pk, *derived, now, now if after and listed_at is None else listed_at, *_chosen_now(row)))
    fields = (*DERIVED, "changed_at", "listed_at")
    written = [
        pk
        for start in range(0, len(writes), ROWS_PER_STATEMENT)
        for pk in update_rows(Service, writes[start : start + ROWS_PER_STATEMENT], fields=fields, guard=CHOSEN)
    ]
    log_updates(changes=[changes[pk] for pk in written], now=now)
    return len(written)


def _offer(row: Row, derived: Sequence[Any]) -> PublicOffer | None:
    """What customers see of a row with these values of DERIVED; None if it is not for sale."""
    values = dict(zip(DERIVED, derived, strict=True))
    if not (row["service__is_enabled"] and values["is_available"]):
        return None
    return PublicOffer(values["rate"], values["min"], values["max"])
