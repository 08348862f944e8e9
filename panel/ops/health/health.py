"""Whether the panel can do its work: the database answers, disks have room, jobs run. Asked by the health pages."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from redis import Redis, RedisError

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


def broker_problems() -> list[str]:
    """What is wrong with the broker, in words without addresses; the one of the embedded default is in this process."""
    if not settings.REDIS_URL:
        return []
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as redis:
            redis.ping()
    except RedisError as error:
        return [f"broker: {type(error).__name__}"]
    return []


def patience_with(seconds: int) -> timedelta:
    """After how long without an end a job that runs every so many seconds is late."""
    return max(SHORTEST_PATIENCE, timedelta(seconds=3 * seconds))


def job_problems(*, now: datetime) -> list[str]:
    """The scheduled jobs that have not finished for three of their periods (at least three minutes) of our uptime.

    An end in the future was noted while the clock was ahead, and says nothing.
    """
    ended = JobRun.objects.filter(finished_at__lte=now)
    finished = {job_name(name): at for name, at in ended.values_list("name", "finished_at")}
    problems = []
    for task, seconds in periods().items():
        name = job_name(task)
        last = finished.get(name)
        if now - max(last or STARTED_AT, STARTED_AT) > patience_with(seconds):
            problems.append(f"job {name}: last finished {last.isoformat(timespec='seconds') if last else 'never'}")
    return problems
