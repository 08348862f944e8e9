"""`manage.py read_balances`: the scheduled job, once, in the foreground."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from orders.reconcile import read_balances
from panel.lib.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "Read the balance at every active provider, and set it against the books."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="Accepted like the other jobs'; every balance is always read."
        )

    def work(self, **options: Any) -> Answer:
        return Answer.of_counts(asdict(read_balances()))
