"""The Celery application and its timetable: what runs by itself, how often, and when a late tick is worthless."""

import os
import sys

from celery import Celery
from celery.signals import celeryd_init, worker_init
from django.conf import settings

from panel import task_logs as task_logs  # connects itself
from panel.celery_settings import PLACING_TASKS
from panel.ops.metrics.files import clean_up

LATE_SECONDS = 10 * 60
"""A tick of the sweep is worth something for so long: dropped under full threads, it would leave orders unsent."""

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
app = Celery("panel")
app.set_default()  # in every thread, not only in the one that came first
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["providers", "orders", "panel.ops", "panel.wallet"])


def periods() -> dict[str, int]:
    """How often each task runs by itself, in seconds."""
    nightly_backup = {"panel.ops.tasks.back_up": 24 * 3600} if settings.IS_SQLITE and settings.BACKUPS_KEPT else {}
    return {
        **nightly_backup,
        "providers.tasks.sync_services": settings.SYNC_SECONDS,
        "orders.tasks.sweep_orders": settings.SWEEP_SECONDS,
        "orders.tasks.poll_orders": settings.POLL_SECONDS,
        "orders.tasks.poll_refills": settings.REFILL_SECONDS,
        "orders.tasks.poll_cancels": settings.CANCEL_SECONDS,
        "orders.tasks.probe_doubts": settings.PROBE_SECONDS,
        "orders.tasks.search_unmatched_orders": settings.UNMATCHED_SECONDS,
        "orders.tasks.deliver_webhooks": settings.WEBHOOK_SECONDS,
        "orders.tasks.deliver_slow_webhooks": settings.WEBHOOK_SECONDS,
        "orders.tasks.forget_deliveries": 24 * 3600,
        "panel.ops.tasks.tell_alerts": settings.ALERT_SECONDS,
        "panel.ops.tasks.forget_notices": 24 * 3600,
        "panel.ops.tasks.forget_sessions": 24 * 3600,
        "panel.ops.tasks.forget_alerts": 24 * 3600,
        "panel.ops.tasks.forget_mails": 24 * 3600,
        "panel.wallet.tasks.sweep_pictures": 24 * 3600,
        "panel.wallet.tasks.expire_approvals": 3600,
        "providers.tasks.forget_updates": 24 * 3600,
        "orders.tasks.reset_future_times": 5 * 60,
        "orders.tasks.read_balances": settings.BALANCE_SECONDS,
        "providers.tasks.thin_readings": 24 * 3600,
        "orders.tasks.measure_times": 3600,
        "orders.tasks.roll_up_reports": settings.REPORT_SECONDS,
        "orders.tasks.count_orders": 5 * 60,
        "orders.tasks.check_alerts": 5 * 60,
        "orders.tasks.check_books": 24 * 3600,
        "orders.tasks.take_checkpoints": 10 * 60,
    }


def timetable() -> dict[str, dict[str, object]]:
    """The beat schedule; each tick expires when the next is due, but one that places orders may come late."""
    return {
        task: {
            "task": task,
            "schedule": seconds,
            "options": {"expires": max(seconds, LATE_SECONDS) if task in PLACING_TASKS else seconds},
        }
        for task, seconds in periods().items()
    }


@celeryd_init.connect  # type: ignore[untyped-decorator]
def clean_metrics(**_: object) -> None:
    """A worker of its own starts; the embedded one is the server's to clean for."""
    clean_up()


@worker_init.connect  # type: ignore[untyped-decorator]
def refuse_other_keys(**_: object) -> None:
    """A worker of its own does not start on keys that open nothing; `run_panel` checks for the embedded one."""
    from panel.ops.data_keys import DataKeysReplacedError, check_data_keys  # models: once Django is set up

    try:
        check_data_keys()
    except DataKeysReplacedError as error:
        sys.exit(str(error))


app.conf.beat_schedule = timetable()
app.conf.beat_scheduler = "panel.beat:JobScheduler"
