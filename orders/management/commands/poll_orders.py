"""`manage.py poll_orders`: the scheduled job, once, in the foreground, for every provider with due orders."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from orders.poll import Polled, poll_provider, providers_due
from panel.lib.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "Ask the providers how the orders stand, and settle them."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="Also the orders that are not due yet.")

    def work(self, **options: Any) -> Answer:
        counts = Counter(asdict(Polled()))
        for provider in providers_due(now=timezone.now(), everything=options["all"]):
            counts.update(asdict(poll_provider(provider=provider, everything=options["all"])))
        return Answer.of_counts(counts)
