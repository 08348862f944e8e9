"""The jobs of this floor as Celery runs them. The schedule is in panel/celery.py."""

from dataclasses import asdict

from celery import shared_task
from django.utils import timezone

from panel.celery_settings import TIME_LIMIT_SECONDS
from panel.ops import cleanup, mail_files
from panel.ops.alerts import notice_jobs
from panel.ops.backup import nightly
from panel.ops.jobs.leases import run_leased

LEASE = TIME_LIMIT_SECONDS


@shared_task
def tell_alerts() -> None:
    """Tell by e-mail, Telegram and webhook of alerts that opened or closed."""
    run_leased(name="tell_alerts", seconds=LEASE, job=lambda: asdict(notice_jobs.send_due()))


@shared_task
def back_up() -> None:
    """Write the nightly backup of the embedded panel."""
    run_leased(name="back_up", seconds=LEASE, job=lambda: nightly.back_up(now=timezone.now()))


@shared_task
def forget_notices() -> None:
    """Drop the log of messages about alerts that were over long ago."""
    run_leased(
        name="forget_notices", seconds=LEASE, job=lambda: {"deleted": notice_jobs.forget_old(now=timezone.now())}
    )


@shared_task
def forget_sessions() -> None:
    """Drop sessions that expired."""
    run_leased(
        name="forget_sessions", seconds=LEASE, job=lambda: {"deleted": cleanup.forget_sessions(now=timezone.now())}
    )


@shared_task
def forget_alerts() -> None:
    """Drop alerts that were closed long ago."""
    run_leased(name="forget_alerts", seconds=LEASE, job=lambda: {"deleted": cleanup.forget_alerts(now=timezone.now())})


@shared_task
def forget_mails() -> None:
    """Delete old mails that are kept as files."""
    run_leased(name="forget_mails", seconds=LEASE, job=lambda: {"deleted": mail_files.forget_mails(now=timezone.now())})
