"""`manage.py safe_mode`: whether the panel holds still after a restore, and switching that by hand."""

from typing import Any

from django.core.management.base import CommandParser

from orders.core import safe_mode
from orders.core.high_water import MarkError
from orders.unconfirmed.restore_search import open_orphans
from panel.lib.commands import Answer, BadInput, OperatorCommand, operator


class Command(OperatorCommand):
    help = "Say whether safe mode is on; switch it on or off with a reason."

    def arguments(self, parser: CommandParser) -> None:
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--on", metavar="REASON", help="Stop selling, sending, polling and refunding orders.")
        either.add_argument("--off", metavar="REASON", help="What was found at the providers is decided: go on.")

    def work(self, **options: Any) -> Answer:
        try:
            if options["on"] is not None:
                safe_mode.switch_on(reason=options["on"], actor=operator())
            if options["off"] is not None:
                safe_mode.switch_off(reason=options["off"], actor=operator(), undecided=open_orphans().count())
        except (safe_mode.UndecidedOrdersError, MarkError) as problem:
            raise BadInput(str(problem)) from None
        why = safe_mode.current_reason()
        text = f"Safe mode is on: {why}" if why else "Safe mode is off."
        return Answer(text=text, data={"on": bool(why), "why": why})
