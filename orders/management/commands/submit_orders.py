"""`manage.py submit_orders`: the scheduled job, once, in the foreground."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from orders.sweep import sweep_orders
from panel.lib.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "Send the queued orders that are due, and notice attempts whose worker died."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="Also what is not due yet.")

    def work(self, **options: Any) -> Answer:
        return Answer.of_counts(asdict(sweep_orders(now=timezone.now(), everything=options["all"])))
