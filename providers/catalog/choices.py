"""What staff choose for the shelf: words, places, what is on sale. Called by the admin; the shelf's version follows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from providers.catalog.models import Category, Service
from providers.catalog.shelf_log import Move, log_moves, offer_of
from providers.catalog.shelve import reprice, touch_shelf
from providers.models import Provider

OWN_WORDS = frozenset({"name", "description", "category"})


def choose_for_service(*, service: Service, chosen: Mapping[str, Any]) -> None:
    """Write these fields of one service, and bring its price and availability in line at once.

    Own words are kept from then on: the provider's no longer replace them. Taking `has_own_words` back brings the
    provider's words back.
    """
    values = dict(chosen)
    if OWN_WORDS & values.keys() and "has_own_words" not in values:
        values["has_own_words"] = True
    is_enabled, now = values.pop("is_enabled", None), timezone.now()
    with transaction.atomic():
        # The lock that the shelf takes, first: a sync in this moment neither overwrites these words nor misses them.
        Provider.objects.select_for_update(no_key=True).get(pk=service.provider_id)
        Service.objects.filter(pk=service.pk).update(**values, changed_at=now)
        if is_enabled is not None:
            _switch(service_ids=[service.pk], is_enabled=is_enabled, now=now)
        reprice(service_id=service.pk)
        touch_shelf()


def put_on_sale(*, service_ids: Sequence[int], is_enabled: bool) -> int:
    """Turn staff's own switch of these services; how many it changed."""
    with transaction.atomic():
        list(Provider.objects.select_for_update(no_key=True).order_by("pk").only("pk"))  # so that no sync is between
        changed = _switch(service_ids=service_ids, is_enabled=is_enabled, now=timezone.now())
        if changed:
            touch_shelf()
    return changed


def set_refill_days(*, name_holds: str, days: int | None) -> int:
    """For how many days orders of these services are refilled, None for no limit known; how many it changed.

    Meant are services with refills whose name holds the text, in any case.
    """
    with transaction.atomic():
        services = Service.objects.filter(refill=True, name__icontains=name_holds)
        changed = services.exclude(refill_days=days).update(refill_days=days, changed_at=timezone.now())
        if changed:
            touch_shelf()
    return changed


def _switch(*, service_ids: Sequence[int], is_enabled: bool, now: datetime) -> int:
    """Turn the switch, and log what customers see of it."""
    services = Service.objects.filter(pk__in=service_ids).exclude(is_enabled=is_enabled)
    shown = list(services.filter(is_available=True).only("name", "listed_at", "rate", "min", "max"))
    changed = services.update(is_enabled=is_enabled, changed_at=now)
    if is_enabled:
        new = [service.pk for service in shown if service.listed_at is None]
        Service.objects.filter(pk__in=new).update(listed_at=now)
    moves = [
        Move(service.pk, service.name, None, offer_of(service), was_listed=service.listed_at is not None)
        if is_enabled
        else Move(service.pk, service.name, offer_of(service), None)
        for service in shown
    ]
    log_moves(moves=moves, now=now)
    return changed


def save_category(*, category: Category) -> None:
    """Write a category's name and place; it may be new."""
    with transaction.atomic():
        category.save(update_fields=["name", "position"] if category.pk else None)
        touch_shelf()
