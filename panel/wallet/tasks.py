"""The Celery tasks of this app. The schedule is in panel/celery.py."""

from dataclasses import asdict

from celery import shared_task
from django.utils import timezone

from panel.celery_settings import TIME_LIMIT_SECONDS
from panel.ops.jobs.leases import run_leased
from panel.wallet.approvals import requests
from panel.wallet.deposits import picture_cleanup


@shared_task
def sweep_pictures() -> None:
    """Delete images of deposits that are no longer needed."""
    run_leased(
        name="sweep_pictures",
        seconds=TIME_LIMIT_SECONDS,
        job=lambda: asdict(picture_cleanup.sweep_pictures(now=timezone.now())),
    )


@shared_task
def expire_approvals() -> None:
    """Close approval requests that nobody decided in time."""
    run_leased(
        name="expire_approvals",
        seconds=TIME_LIMIT_SECONDS,
        job=lambda: {"expired": requests.expire_requests(now=timezone.now())},
    )
