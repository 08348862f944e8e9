"""The base of every operator's command: `--json`, and one clear line with exit status 2 for bad input."""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from panel.lib.money import AmountError, parse_amount, plain


class BadInput(CommandError):  # noqa: N818 (a word of the domain)
    """What was asked for makes no sense, and nothing was changed. The message is one line for the operator."""

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split()), returncode=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command has to say: `text` for people, `data` for programs (amounts as Decimal), and its exit status."""

    text: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    exit_status: int = 0

    @classmethod
    def of_counts(cls, counts: Mapping[str, int]) -> "Answer":
        """A job's counts, for people and for programs."""
        return cls(text=", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()), data=counts)


class OperatorCommand(BaseCommand):
    """Subclasses add arguments in `arguments` and do one domain call in `work`, which may raise BadInput.

    Called from Python (`call_command`), BadInput comes out as it is; an exit status beside 0 comes out as SystemExit.
    """

    on_command_line = False

    def arguments(self, parser: CommandParser) -> None:
        """Add the command's own arguments."""

    def work(self, **options: Any) -> Answer:
        """Do the job and say what became of it."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object as the last line.")
        self.arguments(parser)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        # On a terminal argparse would print the usage first, and exit by itself: the error is to be the only line.
        parser.called_from_command_line = False
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        self.on_command_line = True
        try:
            super().run_from_argv(argv)
        except CommandError as error:
            self._refuse(str(error).removeprefix("Error: "))

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except BadInput as error:
            if self.on_command_line:
                self._refuse(str(error))
            raise

    def handle(self, *args: Any, **options: Any) -> None:
        answer = self.work(**options)
        if options["json"]:
            self.stdout.write(json.dumps(answer.data, default=_as_json, ensure_ascii=False))
        elif answer.text:
            self.stdout.write(answer.text)
        if answer.exit_status:
            sys.exit(answer.exit_status)

    def _refuse(self, text: str) -> NoReturn:
        self.stderr.write(" ".join(text.split()))
        sys.exit(2)


def amount(text: str) -> Decimal:
    """For `add_argument(type=amount)`: an exact amount in plain digits."""
    try:
        return parse_amount(text)
    except AmountError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _as_json(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in a command's JSON.")
