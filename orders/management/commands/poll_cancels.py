"""`manage.py poll_cancels`: the scheduled job, once, in the foreground."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from orders.aftercare.cancel_jobs import poll_cancels
from panel.ops.jobs.command import JobCommand


class Command(JobCommand):
    help = "Pass on the cancels asked for, and close those whose orders have ended."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="Also what waits to be sent again.")

    def run(self, **options: Any) -> Mapping[str, int]:
        return asdict(poll_cancels(now=timezone.now(), everything=options["all"]))
