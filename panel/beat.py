"""Beat's timetable, continued where the jobs' last runs in the database left off. Used by beat, embedded and at scale.

Without it a job that runs once a day would never run in a panel that is restarted every day.
"""

from datetime import UTC, datetime
from typing import Any

from celery.beat import Scheduler
from django.utils import timezone

from panel.ops.models import JobRun

NEVER = datetime(2000, 1, 1, tzinfo=UTC)


class JobScheduler(Scheduler):  # type: ignore[misc] # Celery is not typed
    """The timetable in memory. At the start a job that is overdue, or has never run, is due at once.

    A last run that lies in the future was noted while the clock was ahead. It counts as none, or the job would not
    run again before that moment.
    """

    def setup_schedule(self) -> None:
        super().setup_schedule()
        last_runs = {job_name(name): at for name, at in JobRun.objects.values_list("name", "started_at")}
        for entry in self.schedule.values():
            entry.last_run_at = last_runs.get(job_name(entry.task)) or NEVER
        self._drop_future_runs()

    def tick(self, *args: Any, **options: Any) -> float:
        if self._drop_future_runs():
            self._heap = None  # it is ordered by the clock that was ahead
        delay: float = super().tick(*args, **options)
        return delay

    def _drop_future_runs(self) -> bool:
        now = timezone.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = NEVER
        return bool(ahead)


def job_name(task: str) -> str:
    """What a task and its row in JobRun have in common: the task's own name, without a module."""
    return task.rpartition(".")[2]
