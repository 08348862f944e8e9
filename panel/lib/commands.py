"""The base of every operator's command: `--json`, and one clear line with exit status 2 for bad input."""

import argparse
import getpass
import json
import os
import pwd
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from panel.lib.money import AmountError, parse_amount, plain
from panel.lib.secret import Secret

MAX_ACTOR_LENGTH = 100
CONFIGURATION = "configuration"
"""The tag of the checks that come before each command: ours, of what the environment says. Django's own checks of the
code load every page, which takes longer than most commands; `run_panel` and `migrate` run them all."""
FROM_INPUT = "-"
"""In the place of a secret: read it from standard input, or ask for it on a terminal."""
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,50}", re.ASCII)


class BadInput(CommandError):  # noqa: N818 (a word of the domain)
    """What was asked for makes no sense, and nothing was changed. The message is one line for the operator."""

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split()), returncode=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command has to say: `text` for people, `data` for programs (amounts as Decimal), and its exit status.

    The status is 1 where a part of the work failed. `warning` goes to standard error.
    """

    text: str = ""
    warning: str = ""
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
    requires_system_checks = (CONFIGURATION,)

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
        if answer.warning:
            self.stderr.write(answer.warning)
        if answer.exit_status:
            sys.exit(answer.exit_status)

    def _refuse(self, text: str) -> NoReturn:
        self.stderr.write(" ".join(text.split()))
        sys.exit(2)


def operator() -> str:
    """Who runs this command, for the audit trail and histories: "command (ada)", by the operating system's user."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user may have no name
        return "command"
    return f"command ({name})"[:MAX_ACTOR_LENGTH]


def token(text: str) -> str:
    """For `add_argument(type=token)`: the caller's name for one piece of work, so that it is done once."""
    if not _TOKEN.fullmatch(text):
        raise argparse.ArgumentTypeError(_("A token has 1 to 50 letters, digits, dots, dashes or underscores."))
    return text


def read_secret(given: str, *, prompt: str) -> Secret:
    """The secret of an option: what was given, or for FROM_INPUT a line of standard input, asked for on a terminal."""
    if given != FROM_INPUT:
        return Secret(given)
    return Secret(getpass.getpass(f"{prompt}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n"))


def shown_in_the_process_list(option: str) -> str:
    """The warning for a secret that stood on the command line."""
    return _("Anybody on this machine can read what follows %(option)s. Use %(option)s - instead.") % {"option": option}


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
