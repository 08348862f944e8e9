"""Take a service off sale because its provider refused it; the next sync that finds it changed puts it back."""

from django.db import transaction
from django.utils import timezone

from providers.catalog.models import Service
from providers.catalog.shelve import touch_shelf


def take_off(*, service_id: int, reason: str) -> bool:
    """Make the service unavailable for `reason`; False when it was unavailable already."""
    with transaction.atomic():
        taken = Service.objects.filter(pk=service_id, is_available=True).update(
            is_available=False, unavailable_reason=reason[:100], changed_at=timezone.now()
        )
        if taken:
            touch_shelf()
    return taken == 1
