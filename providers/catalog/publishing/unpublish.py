"""Unpublishes a service because its provider rejected it. Called when an order is rejected.

It stays unpublished until staff approve it, or the provider changes its entry.
"""

from django.db import transaction

from providers.catalog.models import Service
from providers.catalog.publishing.publish import reprice
from providers.models import UpstreamService


def unpublish_service(*, provider_id: int, external_id: str) -> bool:
    """Hold the upstream service for review, so that it is not sold. Returns False if it was held already."""
    listed = UpstreamService.objects.filter(provider_id=provider_id, external_id=external_id)
    with transaction.atomic():
        held = listed.filter(review_reason="").update(review_reason=UpstreamService.ReviewReason.REFUSED)
        if held:
            for service_id in Service.objects.filter(upstream__in=listed).values_list("pk", flat=True):
                reprice(service_id=service_id)
    return held == 1
