"""`manage.py poll_refills`: the scheduled job, once, in the foreground."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from orders.aftercare.refill_jobs import poll_refills
from panel.ops.jobs.command import JobCommand


class Command(JobCommand):
    help = "Pass on the refills asked for and read how the others stand."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="Also what is not due yet.")

    def run(self, **options: Any) -> Mapping[str, int]:
        return asdict(poll_refills(now=timezone.now(), everything=options["all"]))
