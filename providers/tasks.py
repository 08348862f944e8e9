"""The scheduled jobs of this floor: the providers' catalogues, old readings and updates. See panel/celery.py."""

from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from panel.ops.jobs.leases import run_leased
from providers.availability.backoff import Asked, ask_in_turn, in_turn
from providers.balances.history import thin_readings as thin
from providers.catalog.publishing.refresh import Refreshed, refresh_providers
from providers.catalog.publishing.update_log import forget_old
from providers.models import Provider

SYNC_JOB = "providers.sync_services"
SOFT_SECONDS = 10 * 60
LEASE_SECONDS = 11 * 60


@shared_task(name="providers.tasks.sync_services", ignore_result=True)
def sync_services() -> None:
    """Have all active providers synced, each by a task of its own, so that a slow one holds up no other."""

    def job() -> dict[str, Any]:
        active = Provider.objects.filter(is_active=True).order_by("pk")
        for provider in in_turn(job=SYNC_JOB, providers=active, now=timezone.now()):
            sync_provider_services.apply_async((provider.pk,), retry=False, expires=settings.SYNC_SECONDS)
        return _summary(Refreshed())

    run_leased(name=SYNC_JOB, seconds=LEASE_SECONDS, job=job)


@shared_task(
    name="providers.tasks.sync_provider_services",
    soft_time_limit=SOFT_SECONDS,
    time_limit=LEASE_SECONDS,
    ignore_result=True,
)
def sync_provider_services(provider_id: int) -> None:
    """Sync the services of one provider."""

    def ask(provider: Provider) -> Asked:
        done = refresh_providers(providers=[provider], now=timezone.now())
        return Asked(_summary(done), answered=not done.failures)

    ask_in_turn(job=SYNC_JOB, provider_id=provider_id, seconds=LEASE_SECONDS, ask=ask)


@shared_task(name="providers.tasks.forget_updates", ignore_result=True)
def forget_updates() -> None:
    """Drop what the customers' page of updates told long ago."""
    run_leased(name="forget_updates", seconds=LEASE_SECONDS, job=lambda: {"deleted": forget_old(now=timezone.now())})


def _summary(done: Refreshed) -> dict[str, Any]:
    return {**done.sums(), "failures": done.failures}


@shared_task(name="providers.tasks.thin_readings", ignore_result=True)
def thin_readings() -> None:
    """Drop old readings of balances beyond one an hour, and later beyond one a day."""
    run_leased(name="thin_readings", seconds=LEASE_SECONDS, job=lambda: {"deleted": thin(now=timezone.now())})
