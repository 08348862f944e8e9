"""`manage.py read_balances`: the scheduled job, once, in the foreground."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from orders.accounting.reconcile import read_balances
from panel.ops.jobs.command import JobCommand


class Command(JobCommand):
    help = "Read the balance at every active provider, and set it against the books."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="Accepted like the other jobs'; every balance is always read."
        )

    def run(self, **options: Any) -> Mapping[str, int]:
        return asdict(read_balances())
