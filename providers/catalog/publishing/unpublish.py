"""Take a service off sale because its provider refused to sell it.

It stays off until a person confirms it, or the provider lists it differently.
"""

from django.db import transaction

from providers.catalog.models import Service
from providers.catalog.publishing.publish import reprice
from providers.models import UpstreamService


def unpublish_service(*, provider_id: int, external_id: str) -> bool:
    """Doubt what the provider lists under that number, so that it is not sold; False when it was in doubt already."""
    listed = UpstreamService.objects.filter(provider_id=provider_id, external_id=external_id)
    with transaction.atomic():
        doubted = listed.filter(review_reason="").update(review_reason=UpstreamService.ReviewReason.REFUSED)
        if doubted:
            for service_id in Service.objects.filter(upstream__in=listed).values_list("pk", flat=True):
                reprice(service_id=service_id)
    return doubted == 1
