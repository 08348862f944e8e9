"""The scheduled jobs of this floor: the providers' catalogues, old readings and updates. See panel/celery.py."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from panel.ops.jobs import run_leased
from providers.catalog.refresh import refresh_providers
from providers.catalog.shelf_log import forget_old
from providers.models import Provider
from providers.readings import thin_readings as thin

SOFT_SECONDS = 10 * 60
LEASE_SECONDS = 11 * 60


@shared_task(
    name="providers.tasks.sync_services", soft_time_limit=SOFT_SECONDS, time_limit=LEASE_SECONDS, ignore_result=True
)
def sync_services() -> None:
    """Sync all active providers, one run at a time; each provider's outcome is in the job's record."""
    run_leased(name="providers.sync_services", seconds=LEASE_SECONDS, job=_sync_all)


@shared_task(name="providers.tasks.forget_updates", ignore_result=True)
def forget_updates() -> None:
    """Drop what the customers' page of updates told long ago."""
    run_leased(name="forget_updates", seconds=LEASE_SECONDS, job=lambda: {"deleted": forget_old(now=timezone.now())})


def _sync_all() -> dict[str, Any]:
    providers = Provider.objects.filter(is_active=True).order_by("pk")
    done = refresh_providers(providers=providers, now=timezone.now())
    return {**done.sums(), "failures": done.failures}


@shared_task(name="providers.tasks.thin_readings", ignore_result=True)
def thin_readings() -> None:
    """Drop old readings of balances beyond one an hour, and later beyond one a day."""
    run_leased(name="thin_readings", seconds=LEASE_SECONDS, job=lambda: {"deleted": thin(now=timezone.now())})
