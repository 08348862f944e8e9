"""`manage.py set_refill_days 30 --named R30`: set the refill period of services by a part of their names."""

import argparse
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from panel.lib.commands import Answer, BadInput, OperatorCommand, operator
from panel.ops.audit import record
from providers.catalog.publishing.staff_choices import set_refill_days

MAX_DAYS = 3650


class Command(OperatorCommand):
    help = "Set the refill period in days after completion, for all services whose name contains a text."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("days", type=_days, help='A number of days, or "none" if unknown.')
        parser.add_argument("--named", required=True, help='A part of their names, such as "R30".')

    def work(self, **options: Any) -> Answer:
        named: str = options["named"].strip()
        if not named:
            raise BadInput(_("Enter a part of the services' names."))
        changed = set_refill_days(name_holds=named, days=options["days"])
        record(
            actor=operator(),
            action="service.refill days",
            target="services",
            detail={"named": named[:100], "days": options["days"], "count": changed},
        )
        return Answer(
            text=ngettext("%(count)s service changed.", "%(count)s services changed.", changed)
            % {"count": f"{changed:,}"},
            data={"changed": changed},
        )


def _days(text: str) -> int | None:
    if text == "none":
        return None
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_DAYS)) and int(text) <= MAX_DAYS:
        return int(text)
    raise argparse.ArgumentTypeError(
        _("“%(text)s” is not a number of days up to %(max)s.") % {"text": text, "max": f"{MAX_DAYS:,}"}
    )
