"""Imports services in bulk: finds what providers list and the shop does not sell, and adds it. Called by the admin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from panel.lib.money import plain
from panel.ops import audit
from providers.catalog.bulk.bulk_markups import audited, rule_terms, write_rules
from providers.catalog.bulk.positions import Destination, assign_category
from providers.catalog.models import Markup, Service
from providers.catalog.publishing.derived_fields import GONE
from providers.catalog.publishing.publish import bump_catalog_version, lock_catalog, publish, write_enabled
from providers.models import Provider, UpstreamService

UNSOLD = Q(service=None) | Q(service__is_enabled=False) | Q(service__is_available=False)
MAX_SEARCH_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsoldFilter:
    """Filters for the services that providers list. Rates are in the provider's currency."""

    provider: Provider | None = None
    category: str = ""
    type: str = ""
    words: str = ""
    rate_from: Decimal | None = None
    rate_to: Decimal | None = None
    refill: bool = False
    cancel: bool = False


def unsold_services(*, filters: UnsoldFilter) -> QuerySet[UpstreamService]:
    """Listed services that are not sold: not imported, disabled or unavailable. In the order of the lists."""
    exact = {
        "provider": filters.provider,
        "category": filters.category,
        "type": filters.type,
        "rate__gte": filters.rate_from,
        "rate__lte": filters.rate_to,
        "refill": filters.refill,
        "cancel": filters.cancel,
    }
    given = {name: value for name, value in exact.items() if value is not None and value is not False and value != ""}
    rows = UpstreamService.objects.filter(UNSOLD, missing__lt=GONE, **given)
    for word in filters.words.split()[:MAX_SEARCH_WORDS]:
        rows = rows.filter(Q(name__icontains=word) | Q(external_id=word))
    return rows.select_related("provider", "service").order_by("provider", "position", "pk")


def unsold_headings(*, provider: Provider | None) -> list[str]:
    """The providers' category names of the services that are not sold."""
    rows = UpstreamService.objects.filter(UNSOLD, missing__lt=GONE).exclude(category="")
    if provider is not None:
        rows = rows.filter(provider=provider)
    return list(rows.order_by("category").values_list("category", flat=True).distinct())


def import_services(
    *,
    upstream_ids: Sequence[int],
    to: Destination,
    percent: Decimal | None,
    fixed: Decimal,
    on_sale: bool,
    actor: str,
    now: datetime,
) -> int:
    """Import these services into the category, enabled or not; returns how many. Raises MarkupError.

    Without a category, new services go to the provider's category, and existing ones stay in theirs. With a `percent`
    they get a markup: one for the category if that is new, else one for each service, which replaces earlier ones.
    Services that the provider no longer lists are left out.
    """
    terms = None if percent is None else rule_terms(percent=percent, fixed=fixed, decimals=None)
    rows = UpstreamService.objects.filter(pk__in=upstream_ids, missing__lt=GONE)
    with transaction.atomic():
        lock_catalog()
        services = Service.objects.filter(upstream__in=rows)
        was_enabled = services.filter(is_enabled=True).count()
        created = publish(rows.filter(service=None), from_providers=Provider.objects.all(), now=now).created
        service_ids = list(services.values_list("pk", flat=True))
        if not service_ids:
            return 0
        write_enabled(service_ids=service_ids, is_enabled=on_sale, now=now)
        new_category = None if to is None else assign_category(service_ids=service_ids, to=to)
        if terms is not None:
            _price(service_ids, terms, new_category)
        publish(rows, from_providers=Provider.objects.all(), now=now)
        bump_catalog_version()
        counts = {"created": created, "enabled_before": was_enabled, "enabled_after": len(service_ids) * on_sale}
        target = {"to": "" if to is None else str(to)}
        detail = audited(service_ids) | counts | target | _markup_detail(percent, fixed)
        audit.record(actor=actor, action="service.import", target="services", detail=detail)
    return len(service_ids)


def _price(service_ids: Sequence[int], terms: dict[str, Any], new_category: Any) -> None:
    if new_category is None:
        write_rules(service_ids=service_ids, terms=terms)
        return
    Markup.objects.filter(service__in=service_ids).delete()
    Markup.objects.create(category=new_category, **terms)


def _markup_detail(percent: Decimal | None, fixed: Decimal) -> dict[str, str]:
    return {} if percent is None else {"percent": plain(percent), "fixed": plain(fixed)}
