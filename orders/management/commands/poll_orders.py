"""`manage.py poll_orders`: the scheduled job, once, in the foreground, for every provider with due orders."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from orders.tracking.poll import Polled, poll_provider, providers_due
from panel.ops.jobs.command import JobCommand


class Command(JobCommand):
    help = "Ask the providers how the orders stand, and settle them."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="Also the orders that are not due yet.")

    def run(self, **options: Any) -> Mapping[str, int]:
        counts = Counter(asdict(Polled()))
        for provider in providers_due(now=timezone.now(), everything=options["all"]):
            counts.update(asdict(poll_provider(provider=provider, everything=options["all"])))
        return counts
