"""`manage.py submit_orders`: the scheduled job, once, in the foreground."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from orders.submission.sweep import sweep_orders
from panel.ops.jobs.command import JobCommand


class Command(JobCommand):
    help = "Send the queued orders that are due, and notice attempts whose worker died."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="Also what is not due yet.")

    def run(self, **options: Any) -> Mapping[str, int]:
        return asdict(sweep_orders(now=timezone.now(), everything=options["all"]))
