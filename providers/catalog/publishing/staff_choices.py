"""Writes the settings that staff make for services and categories. Called by the admin and commands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from providers.catalog.models import Category, Service
from providers.catalog.publishing.publish import bump_catalog_version, lock_catalog, reprice, write_enabled

KEPT_BY = {"name": "keeps_name", "description": "keeps_description", "category": "keeps_category"}
"""The switch that keeps staff's text instead of the provider's, by field."""


def choose_for_service(*, service: Service, chosen: Mapping[str, Any]) -> None:
    """Write these fields of one service and update its price and availability.

    A name, description or category that is written here is kept: the provider's no longer replaces it, until its
    switch is turned off.
    """
    kept = {switch: True for name, switch in KEPT_BY.items() if name in chosen}
    values = {**kept, **chosen}
    is_enabled, now = values.pop("is_enabled", None), timezone.now()
    with transaction.atomic():
        lock_catalog()  # first: a sync at this moment neither overwrites nor misses these fields
        Service.objects.filter(pk=service.pk).update(**values, changed_at=now)
        if is_enabled is not None:
            write_enabled(service_ids=[service.pk], is_enabled=is_enabled, now=now)
        reprice(service_id=service.pk)
        bump_catalog_version()


def set_enabled(*, service_ids: Sequence[int], is_enabled: bool, seen_at: datetime | None = None) -> list[int]:
    """Enable or disable these services; returns those that changed. Services changed after `seen_at` are left out."""
    with transaction.atomic():
        lock_catalog()  # so that no sync comes between
        rows = Service.objects.filter(pk__in=service_ids).exclude(is_enabled=is_enabled)
        if seen_at is not None:
            rows = rows.filter(changed_at__lte=seen_at)
        changed = list(rows.order_by("pk").values_list("pk", flat=True))
        if changed:
            write_enabled(service_ids=changed, is_enabled=is_enabled, now=timezone.now())
            bump_catalog_version()
    return changed


def set_refill_days(*, name_holds: str, days: int | None) -> int:
    """Set the refill period, or None for unknown, of services with refills; returns how many changed.

    Only services whose name contains the text `name_holds`, in any case, are set.
    """
    with transaction.atomic():
        services = Service.objects.filter(refill=True, name__icontains=name_holds)
        changed = services.exclude(refill_days=days).update(refill_days=days, changed_at=timezone.now())
        if changed:
            bump_catalog_version()
    return changed


def save_category(*, category: Category, changed: Sequence[str]) -> None:
    """Save a new category, or the `changed` fields of an existing one."""
    with transaction.atomic():
        category.save(update_fields=list(changed) if category.pk else None)
        bump_catalog_version()
