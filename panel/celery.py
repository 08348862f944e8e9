"""The Celery application and its timetable: what runs by itself, how often, and when a late tick is worthless."""

import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
app = Celery("panel")
app.set_default()  # in every thread, not only in the one that came first
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["providers", "orders", "panel.ops"])


def periods() -> dict[str, int]:
    """How often each task runs by itself, in seconds."""
    return {
        "providers.tasks.sync_services": settings.SYNC_SECONDS,
        "orders.tasks.sweep_orders": settings.SWEEP_SECONDS,
        "orders.tasks.poll_orders": settings.POLL_SECONDS,
        "orders.tasks.poll_refills": settings.REFILL_SECONDS,
        "orders.tasks.poll_cancels": settings.CANCEL_SECONDS,
        "orders.tasks.probe_doubts": settings.PROBE_SECONDS,
        "orders.tasks.deliver_webhooks": settings.WEBHOOK_SECONDS,
        "orders.tasks.forget_deliveries": 24 * 3600,
        "providers.tasks.forget_updates": 24 * 3600,
        "orders.tasks.read_balances": settings.BALANCE_SECONDS,
        "orders.tasks.measure_times": 3600,
        "orders.tasks.check_books": 24 * 3600,
    }


def timetable() -> dict[str, dict[str, object]]:
    """The beat schedule; each tick expires when the next is due."""
    return {
        task: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
        for task, seconds in periods().items()
    }


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_our_log(**_: object) -> None:
    """Celery leaves logging alone where this is connected: the settings have set it."""


app.conf.beat_schedule = timetable()
app.conf.beat_scheduler = "panel.beat:JobScheduler"
