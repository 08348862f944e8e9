"""Saves staff's changes of a provider, and updates its services at once. Called by the admin."""

from collections.abc import Sequence

from django.db import transaction

from panel.lib.secret import Secret
from providers.availability.alerts import close_inactive_provider_alerts
from providers.catalog.publishing.publish import reprice
from providers.models import Provider

PRICING = {"exchange_rate", "low_margin", "is_active"}
"""Fields that the prices and availability of services depend on."""


def save_provider(*, provider: Provider, changed: Sequence[str], key: Secret | None) -> int:
    """Save the `changed` fields of `provider`, and its key if one is given; returns how many services changed."""
    fields = list(changed)
    if key is not None:
        provider.set_key(key)
        fields += ["sealed_key", "key_hint"]
    with transaction.atomic():
        if fields:
            provider.save(update_fields=fields)
        repriced = reprice(provider_id=provider.pk).changed if PRICING & set(fields) else 0
        if "is_active" in fields:
            close_inactive_provider_alerts()
    return repriced
