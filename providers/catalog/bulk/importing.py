"""What providers list and we do not sell: found by filters, and put on the shelf in bulk. Called by the admin."""

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
    """What is filters for in the providers' lists; rates are in the provider's currency."""

    provider: Provider | None = None
    category: str = ""
    type: str = ""
    words: str = ""
    rate_from: Decimal | None = None
    rate_to: Decimal | None = None
    refill: bool = False
    cancel: bool = False


def unsold_services(*, filters: UnsoldFilter) -> QuerySet[UpstreamService]:
    """What is listed and not sold, because it is not on the shelf, switched off or unavailable; in the lists' order."""
    exact = {
        "provider": filters.provider,
        "category": filters.category,
        "type": filters.type,
        "rate__gte": filters.rate_from,
        "rate__lte": filters.rate_to,
        "refill": filters.refill,
        "cancel": filters.cancel,
    }
    asked = {name: value for name, value in exact.items() if value is not None and value is not False and value != ""}
    rows = UpstreamService.objects.filter(UNSOLD, missing__lt=GONE, **asked)
    for word in filters.words.split()[:MAX_SEARCH_WORDS]:
        rows = rows.filter(Q(name__icontains=word) | Q(external_id=word))
    return rows.select_related("provider", "service").order_by("provider", "position", "pk")


def unsold_headings(*, provider: Provider | None) -> list[str]:
    """The providers' words for the categories of what is not sold."""
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
    """Put these on the shelf, into that category, on sale or not; how many are there now. Raises MarkupError.

    Without a category, new ones go where the provider has them, and those that the shop has already stay where they
    are. With a `percent` they have a price of their own: a rule for the category where that is new, else one for each
    service; rules that these services had before are replaced. What the provider no longer lists is left out.
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
        detail = {**audited(service_ids), **counts, "to": "" if to is None else str(to), **_told(percent, fixed)}
        audit.record(actor=actor, action="service.import", target="services", detail=detail)
    return len(service_ids)


def _price(service_ids: Sequence[int], terms: dict[str, Any], new_category: Any) -> None:
    if new_category is None:
        write_rules(service_ids=service_ids, terms=terms)
        return
    Markup.objects.filter(service__in=service_ids).delete()
    Markup.objects.create(category=new_category, **terms)


def _told(percent: Decimal | None, fixed: Decimal) -> dict[str, str]:
    return {} if percent is None else {"percent": plain(percent), "fixed": plain(fixed)}
