"""Take a service off sale because its provider refused to sell it.

It stays off until a person confirms it, or the provider lists it differently.
"""

from django.db import transaction

from providers.catalog.models import Service
from providers.catalog.shelve import reprice
from providers.models import UpstreamService


def take_off(*, service_id: int) -> bool:
    """Doubt the service, so that it is not sold; False when it was in doubt already."""
    with transaction.atomic():
        upstream = Service.objects.values("upstream").filter(pk=service_id)
        doubted = UpstreamService.objects.filter(pk__in=upstream, doubt="").update(doubt=UpstreamService.Doubt.REFUSED)
        if doubted:
            reprice(service_id=service_id)
    return doubted == 1
