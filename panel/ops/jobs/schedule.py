"""The timetable as staff see it: what runs by itself, how it went, when it runs next; and having a job run now."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from panel.beat import job_name
from panel.celery import app, periods
from panel.ops import audit
from panel.ops.health.health import patience_with
from panel.ops.models import JobRun
from panel.web.formatting import duration_text

log = logging.getLogger(__name__)

LATELY = timedelta(minutes=30)
"""Twice the longest pause of a provider that does not answer: a part that did not run for longer is none any more."""


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
    parts: Mapping[str, Any] = field(default_factory=dict)
    """What its parts, such as one provider's, came to in their last runs, added up."""

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
        """What its last run came to, in words; of a job of many parts, what those came to."""
        summary: dict[str, Any] = {} if self.run is None else self.run.summary
        if self.run is not None and self.run.ok:
            summary = {**summary, **self.parts}
        return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in summary.items())


def scheduled_jobs(*, now: datetime) -> list[ScheduledJob]:
    """Every job of the timetable, the most frequent first. One query."""
    return _scheduled(JobRun.objects.all(), now)


def _scheduled(all_runs: Iterable[JobRun], now: datetime) -> list[ScheduledJob]:
    runs = {job_name(run.name): run for run in all_runs}
    parts: defaultdict[str, list[JobRun]] = defaultdict(list)
    for name, part in runs.items():
        if ":" in name:
            parts[name.partition(":")[0]].append(part)
    jobs = []
    for task, seconds in sorted(periods().items(), key=lambda item: (item[1], item[0])):
        name = job_name(task)
        run = runs.get(name)
        last = run.finished_at if run else None
        is_late = last is not None and abs(now - last) > patience_with(seconds)
        period = timedelta(seconds=seconds)
        jobs.append(ScheduledJob(name, task, period, run, is_late, _added_up(parts[name], now - LATELY - 2 * period)))
    return jobs


def _added_up(parts: Iterable[JobRun], since: datetime) -> dict[str, Any]:
    """The summaries of the parts that ended since then: numbers are summed, named things put together."""
    found: dict[str, Any] = {}
    for part in parts:
        if part.finished_at is None or part.finished_at < since or not part.ok:
            continue
        for key, value in part.summary.items():
            if isinstance(value, dict):
                found[key] = {**found.get(key, {}), **value}
            else:
                found[key] = found.get(key, 0) + value
    return found


@dataclass(frozen=True, slots=True)
class FailingJob:
    """A job whose last run failed, or that is late; `name` is empty where it cannot be run from the jobs' page."""

    title: str
    word: str
    why: str
    since: datetime | None
    name: str


def failing_jobs(*, now: datetime) -> list[FailingJob]:
    """Those of the timetable that failed or are late, then failed parts of them, such as one provider's. One query."""
    runs = list(JobRun.objects.order_by("name"))
    failed = [
        FailingJob(job.title, job.word if job.word == "Failed" else "Late", job.result, job.run.finished_at, job.name)
        for job in _scheduled(runs, now)
        if job.run is not None and (job.word == "Failed" or job.is_late)
    ]
    parts = [run for run in runs if ":" in run.name and not run.ok and not run.holder]
    return failed + [
        FailingJob(
            run.name.replace("_", " ").capitalize(), "Failed", str(run.summary.get("error", "")), run.finished_at, ""
        )
        for run in parts
    ]


def run_now(*, name: str, actor: str) -> None:
    """Hand the job to a worker. Raises KeyError for what is no job, JobNotStartedError where no broker takes it."""
    task = {job_name(task): task for task in periods()}[name]
    try:
        app.send_task(task, retry=False, ignore_result=True, expires=60)
    except Exception as problem:
        log.warning("job not started", exc_info=True, extra={"job": name})
        raise JobNotStartedError("The job could not be handed to a worker. It runs when it is due.") from problem
    audit.record(actor=actor, action="job.run", target=f"job:{name}"[:60], detail={"at": timezone.now().isoformat()})
