"""The base of the commands that run a scheduled job once, in the foreground."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from panel.lib.commands import Answer, OperatorCommand, operator
from panel.ops import audit

FAILURES = ("failed", "failed_requests")
"""The counts of a job that say that a part of it failed."""


class JobCommand(OperatorCommand):
    """Subclasses do the job in `run`. Who ran it is in the audit trail; exit status 1 where a part of it failed."""

    def run(self, **options: Any) -> Mapping[str, int]:
        """Do the job and give its counts."""
        raise NotImplementedError

    def work(self, **options: Any) -> Answer:
        counts = self.run(**options)
        name = type(self).__module__.rpartition(".")[2]
        audit.record(actor=operator(), action="job.run", target=f"job:{name}", detail=dict(counts))
        has_failed = any(counts.get(count) for count in FAILURES)
        return replace(Answer.of_counts(counts), exit_status=1 if has_failed else 0)
