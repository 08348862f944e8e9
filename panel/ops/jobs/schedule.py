"""The schedule of jobs for staff: last runs, next runs, and running a job now."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from panel.beat import job_name
from panel.celery import app, periods
from panel.ops import audit
from panel.ops.health.health import patience_with
from panel.ops.models import JobRun
from panel.web.formatting import duration_text

log = logging.getLogger(__name__)

PART_MAX_AGE = timedelta(minutes=30)
"""Parts of a job, such as one provider's, that ended earlier are left out. Twice the longest pause of a provider."""


class JobNotStartedError(Exception):
    """The job was not started. The message is for the member of staff."""


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A job: its task, how often it runs, and its last run, if any."""

    name: str
    task: str
    period: timedelta
    run: JobRun | None
    is_late: bool
    parts: Mapping[str, Any] = field(default_factory=dict)
    """The summed results of its parts, such as one provider's, in their last runs."""

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @property
    def period_text(self) -> str:
        seconds = int(self.period.total_seconds())
        return duration_text(seconds) if seconds >= 60 else _("%(seconds)d s") % {"seconds": seconds}

    @property
    def status(self) -> str:
        """Running, Done, Failed or Never: names of badges."""
        if self.run is None or self.run.started_at is None:
            return "Never"
        if self.run.holder:
            return "Running"
        return "Done" if self.run.ok else "Failed"

    @property
    def seconds(self) -> float | None:
        """The duration of the last run; None if none has ended."""
        run = self.run
        if run is None or run.started_at is None or run.finished_at is None or run.finished_at < run.started_at:
            return None
        return round((run.finished_at - run.started_at).total_seconds(), 1)

    @property
    def next_at(self) -> datetime | None:
        """When it is due; None if it never ran and so is due now."""
        return None if self.run is None or self.run.started_at is None else self.run.started_at + self.period

    @property
    def result(self) -> str:
        """The result of the last run; for a job with parts, the sum of their results."""
        summary: dict[str, Any] = {} if self.run is None else self.run.summary
        if self.run is not None and self.run.ok:
            summary = {**summary, **self.parts}
        return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in sorted(summary.items()))


def scheduled_jobs(*, now: datetime) -> list[ScheduledJob]:
    """All scheduled jobs, the most frequent first. One query."""
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
        jobs.append(
            ScheduledJob(name, task, period, run, is_late, _added_up(parts[name], now - PART_MAX_AGE - 2 * period))
        )
    return jobs


def _added_up(parts: Iterable[JobRun], since: datetime) -> dict[str, Any]:
    """The summaries of the parts that ended since then: numbers are summed, mappings merged."""
    total: dict[str, Any] = {}
    for part in parts:
        if part.finished_at is None or part.finished_at < since or not part.ok:
            continue
        for key, value in part.summary.items():
            if isinstance(value, dict):
                total[key] = {**total.get(key, {}), **value}
            else:
                total[key] = total.get(key, 0) + value
    return total


@dataclass(frozen=True, slots=True)
class FailingJob:
    """A job that failed or is late. `name` is empty if it cannot be run from the jobs page."""

    title: str
    status: str
    reason: str
    since: datetime | None
    name: str


def failing_jobs(*, now: datetime) -> list[FailingJob]:
    """Scheduled jobs that failed or are late, then failed parts, such as one provider's. One query."""
    runs = list(JobRun.objects.order_by("name"))
    failed = [
        FailingJob(
            job.title, job.status if job.status == "Failed" else "Late", job.result, job.run.finished_at, job.name
        )
        for job in _scheduled(runs, now)
        if job.run is not None and (job.status == "Failed" or job.is_late)
    ]
    parts = [run for run in runs if ":" in run.name and not run.ok and not run.holder]
    return failed + [
        FailingJob(
            run.name.replace("_", " ").capitalize(), "Failed", str(run.summary.get("error", "")), run.finished_at, ""
        )
        for run in parts
    ]


def run_now(*, name: str, actor: str) -> None:
    """Hand the job to a worker. Raises KeyError for an unknown job, JobNotStartedError if the broker is away."""
    task = {job_name(task): task for task in periods()}[name]
    try:
        app.send_task(task, retry=False, ignore_result=True, expires=60)
    except Exception as problem:
        log.warning("job not started", exc_info=True, extra={"job": name})
        raise JobNotStartedError(
            _("The job could not be started now. It runs at its next scheduled time.")
        ) from problem
    audit.record(actor=actor, action="job.run", target=f"job:{name}"[:60], detail={"at": timezone.now().isoformat()})
