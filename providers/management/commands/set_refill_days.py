"""`manage.py set_refill_days 30 --named R30`: for how many days services refill, by words of their names."""

import argparse
from typing import Any

from django.core.management.base import CommandParser

from panel.lib.commands import Answer, BadInput, OperatorCommand, operator
from panel.ops.audit import record
from providers.catalog.publishing.staff_choices import set_refill_days

MAX_DAYS = 3650


class Command(OperatorCommand):
    help = "Set for how many days after its end an order is refilled, for all services whose name holds a text."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("days", type=_days, help='A number of days, or "none" for no limit known.')
        parser.add_argument("--named", required=True, help='A text that their names hold, such as "R30".')

    def work(self, **options: Any) -> Answer:
        named: str = options["named"].strip()
        if not named:
            raise BadInput("Say which services: a text that their names hold.")
        changed = set_refill_days(name_holds=named, days=options["days"])
        record(
            actor=operator(),
            action="service.refill days",
            target="services",
            detail={"named": named[:100], "days": options["days"], "count": changed},
        )
        return Answer(text=f"{changed:,} services changed.", data={"changed": changed})


def _days(text: str) -> int | None:
    if text == "none":
        return None
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_DAYS)) and int(text) <= MAX_DAYS:
        return int(text)
    raise argparse.ArgumentTypeError(f"“{text}” is no number of days up to {MAX_DAYS:,}.")
