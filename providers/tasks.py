"""Scheduled jobs for providers: sync of services, deletion of old readings and updates. See panel/celery.py."""

from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from panel.ops.jobs.leases import run_leased
from providers.availability.backoff import ProviderRun, providers_due, run_for_provider
from providers.balances.history import thin_readings as thin
from providers.catalog.publishing.refresh import RefreshResult, refresh_providers
from providers.catalog.publishing.update_log import delete_old_updates
from providers.models import Provider

SYNC_JOB = "providers.sync_services"
SOFT_SECONDS = 10 * 60
LEASE_SECONDS = 11 * 60


@shared_task(name="providers.tasks.sync_services", ignore_result=True)
def sync_services() -> None:
    """Start a sync task for each active provider that is due, so that a slow one delays no other."""

    def job() -> dict[str, Any]:
        active = Provider.objects.filter(is_active=True).order_by("pk")
        for provider in providers_due(job=SYNC_JOB, providers=active, now=timezone.now()):
            sync_provider_services.apply_async((provider.pk,), retry=False, expires=settings.SYNC_SECONDS)
        return _summary(RefreshResult())

    run_leased(name=SYNC_JOB, seconds=LEASE_SECONDS, job=job)


@shared_task(
    name="providers.tasks.sync_provider_services",
    soft_time_limit=SOFT_SECONDS,
    time_limit=LEASE_SECONDS,
    ignore_result=True,
)
def sync_provider_services(provider_id: int) -> None:
    """Sync the services of one provider."""

    def ask(provider: Provider) -> ProviderRun:
        done = refresh_providers(providers=[provider], now=timezone.now())
        return ProviderRun(_summary(done), answered=not done.failures)

    run_for_provider(job=SYNC_JOB, provider_id=provider_id, seconds=LEASE_SECONDS, ask=ask)


@shared_task(name="providers.tasks.forget_updates", ignore_result=True)
def forget_updates() -> None:
    """Delete old catalog updates."""
    run_leased(
        name="forget_updates", seconds=LEASE_SECONDS, job=lambda: {"deleted": delete_old_updates(now=timezone.now())}
    )


def _summary(done: RefreshResult) -> dict[str, Any]:
    return {**done.sums(), "failures": done.failures}


@shared_task(name="providers.tasks.thin_readings", ignore_result=True)
def thin_readings() -> None:
    """Thin old balance readings to one an hour, and later one a day."""
    run_leased(name="thin_readings", seconds=LEASE_SECONDS, job=lambda: {"deleted": thin(now=timezone.now())})
