"""The timetable as staff see it: what runs by itself, how it went, when it runs next; and having a job run now."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from panel.beat import job_name
from panel.celery import app, periods
from panel.ops import audit
from panel.ops.health import patience_with
from panel.ops.models import JobRun
from panel.web.figures import duration_text

log = logging.getLogger(__name__)


class JobNotStartedError(Exception):
    """Nobody took the job; the message is for the person who wanted it."""


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """One job: its task, how often it runs, and its last run where there was one."""

    name: str
    task: str
    period: timedelta
    run: JobRun | None
    is_late: bool

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @property
    def period_text(self) -> str:
        seconds = int(self.period.total_seconds())
        return duration_text(seconds) if seconds >= 60 else f"{seconds} s"

    @property
    def word(self) -> str:
        """How it stands: Running, Done, Failed, or Never."""
        if self.run is None or self.run.started_at is None:
            return "Never"
        if self.run.holder:
            return "Running"
        return "Done" if self.run.ok else "Failed"

    @property
    def seconds(self) -> float | None:
        """How long its last run took; None where none has ended."""
        run = self.run
        if run is None or run.started_at is None or run.finished_at is None or run.finished_at < run.started_at:
            return None
        return round((run.finished_at - run.started_at).total_seconds(), 1)

    @property
    def next_at(self) -> datetime | None:
        """When it is due; None where it never ran: then it is due at once."""
        return None if self.run is None or self.run.started_at is None else self.run.started_at + self.period

    @property
    def result(self) -> str:
        """What its last run came to, in words."""
        summary: dict[str, Any] = {} if self.run is None else self.run.summary
        return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in summary.items())


def scheduled_jobs(*, now: datetime) -> list[ScheduledJob]:
    """Every job of the timetable, the most frequent first. One query."""
    runs = {job_name(run.name): run for run in JobRun.objects.all()}
    jobs = []
    for task, seconds in sorted(periods().items(), key=lambda item: (item[1], item[0])):
        name = job_name(task)
        run = runs.get(name)
        last = run.finished_at if run else None
        is_late = last is not None and now - last > patience_with(seconds)
        jobs.append(ScheduledJob(name, task, timedelta(seconds=seconds), run, is_late))
    return jobs


def run_now(*, name: str, actor: str) -> None:
    """Hand the job to a worker. Raises KeyError for what is no job, JobNotStartedError where no broker takes it."""
    task = {job_name(task): task for task in periods()}[name]
    try:
        app.send_task(task, retry=False, ignore_result=True, expires=60)
    except Exception as problem:
        log.warning("job not started", exc_info=True, extra={"job": name})
        raise JobNotStartedError("The job could not be handed to a worker. It runs when it is due.") from problem
    audit.record(actor=actor, action="job.run", target=f"job:{name}"[:60], detail={"at": timezone.now().isoformat()})
