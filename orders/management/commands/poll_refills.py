"""`manage.py poll_refills`: the scheduled job, once, in the foreground."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from orders.refill_jobs import poll_refills
from panel.lib.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "Pass on the refills asked for and read how the others stand."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="Also what is not due yet.")

    def work(self, **options: Any) -> Answer:
        return Answer.of_counts(asdict(poll_refills(now=timezone.now(), everything=options["all"])))
