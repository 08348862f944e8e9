"""The Celery application and its timetable: what runs by itself, how often, and when a late tick is worthless."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
app = Celery("panel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["providers", "orders", "panel.ops"])


def timetable() -> dict[str, dict[str, object]]:
    """The beat schedule; each tick expires when the next is due."""
    every = {
        "providers.tasks.sync_services": settings.SYNC_SECONDS,
        "orders.tasks.sweep_orders": settings.SWEEP_SECONDS,
        "orders.tasks.poll_orders": settings.POLL_SECONDS,
        "orders.tasks.poll_refills": settings.REFILL_SECONDS,
        "orders.tasks.read_balances": settings.BALANCE_SECONDS,
        "orders.tasks.check_books": 24 * 3600,
    }
    return {
        task: {"task": task, "schedule": seconds, "options": {"expires": seconds}} for task, seconds in every.items()
    }


app.conf.beat_schedule = timetable()
