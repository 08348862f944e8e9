"""What staff choose for the shelf: words, places, what is on sale. Called by the admin; the shelf's version follows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from providers.catalog.models import Category, Service
from providers.catalog.publishing.publish import bump_catalog_version, lock_catalog, reprice, write_enabled

KEPT_BY = {"name": "keeps_name", "description": "keeps_description", "category": "keeps_category"}
"""The switch that keeps what staff wrote from the provider's words."""


def choose_for_service(*, service: Service, chosen: Mapping[str, Any]) -> None:
    """Write these fields of one service, and bring its price and availability in line at once.

    A name, description or category that is written here is kept from then on: the provider's no longer replaces it.
    Taking its switch back brings the provider's back.
    """
    kept = {switch: True for name, switch in KEPT_BY.items() if name in chosen}
    values = {**kept, **chosen}
    is_enabled, now = values.pop("is_enabled", None), timezone.now()
    with transaction.atomic():
        lock_catalog()  # first: a sync in this moment neither overwrites these words nor misses them
        Service.objects.filter(pk=service.pk).update(**values, changed_at=now)
        if is_enabled is not None:
            write_enabled(service_ids=[service.pk], is_enabled=is_enabled, now=now)
        reprice(service_id=service.pk)
        bump_catalog_version()


def set_enabled(*, service_ids: Sequence[int], is_enabled: bool, seen_at: datetime | None = None) -> list[int]:
    """Turn staff's own switch of these services; those that it changed. What changed after `seen_at` is left out."""
    with transaction.atomic():
        lock_catalog()  # so that no sync is between
        meant = Service.objects.filter(pk__in=service_ids).exclude(is_enabled=is_enabled)
        if seen_at is not None:
            meant = meant.filter(changed_at__lte=seen_at)
        changed = list(meant.order_by("pk").values_list("pk", flat=True))
        if changed:
            write_enabled(service_ids=changed, is_enabled=is_enabled, now=timezone.now())
            bump_catalog_version()
    return changed


def set_refill_days(*, name_holds: str, days: int | None) -> int:
    """For how many days orders of these services are refilled, None for no limit known; how many it changed.

    Meant are services with refills whose name holds the text, in any case.
    """
    with transaction.atomic():
        services = Service.objects.filter(refill=True, name__icontains=name_holds)
        changed = services.exclude(refill_days=days).update(refill_days=days, changed_at=timezone.now())
        if changed:
            bump_catalog_version()
    return changed


def save_category(*, category: Category, changed: Sequence[str]) -> None:
    """Write a new category, or of one that is there the `changed` fields."""
    with transaction.atomic():
        category.save(update_fields=list(changed) if category.pk else None)
        bump_catalog_version()
