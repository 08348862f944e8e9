"""Whether the panel can do its work: the database answers and the scheduled jobs run. Asked by the health pages."""

from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

from panel.beat import job_name
from panel.celery import periods
from panel.ops.models import JobRun

SHORTEST_PATIENCE = timedelta(minutes=3)
STARTED_AT = timezone.now()


def database_problems() -> list[str]:
    """What is wrong with the database, in words without addresses; empty when it answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return [f"database: {type(error).__name__}"]
    return []


def job_problems(*, now: datetime) -> list[str]:
    """The scheduled jobs that have not finished for three of their periods (at least three minutes) of our uptime."""
    finished = {job_name(name): at for name, at in JobRun.objects.values_list("name", "finished_at")}
    problems = []
    for task, seconds in periods().items():
        name = job_name(task)
        patience = max(SHORTEST_PATIENCE, timedelta(seconds=3 * seconds))
        last = finished.get(name)
        if now - max(last or STARTED_AT, STARTED_AT) > patience:
            problems.append(f"job {name}: last finished {last.isoformat(timespec='seconds') if last else 'never'}")
    return problems
