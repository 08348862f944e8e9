"""`manage.py add_provider NAME --url URL --key KEY`: add a provider. The next sync fetches its services."""

import argparse
import re
from decimal import Decimal
from typing import Any

import environ
from django.core.management.base import CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from panel.lib.commands import (
    FROM_INPUT,
    Answer,
    BadInput,
    OperatorCommand,
    operator,
    read_secret,
    shown_in_the_process_list,
)
from panel.lib.secret import Secret
from panel.ops.audit import record
from providers.connection.register import RegistrationError, register_provider
from providers.models import Provider


def exchange_rate(text: str) -> Decimal:
    """Parse an exchange rate in plain digits."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,15})?", text, re.ASCII):
        raise argparse.ArgumentTypeError(_("“%(text)s” is not an exchange rate. Example: 1.085.") % {"text": text[:40]})
    return Decimal(text)


class Command(OperatorCommand):
    help = "Add a provider. Without --key, or with --key -, the API key is read from PROVIDER_KEY or standard input."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--url", required=True, help="The URL of its API.")
        parser.add_argument("--key", default="", help="Its API key. - prompts for it, or reads it from standard input.")
        parser.add_argument("--currency", default="USD", help="The currency of its prices (default: USD).")
        parser.add_argument(
            "--rate",
            type=exchange_rate,
            default=Decimal(1),
            help="Value of one unit of it in the shop's currency (default: 1).",
        )
        parser.add_argument(
            "--new-services",
            "--shelve",  # its former name
            choices=Provider.NewServices.values,
            default="all",
            help="Enable new services automatically (all), or after review.",
        )

    def work(self, **options: Any) -> Answer:
        try:
            with transaction.atomic():
                provider = register_provider(
                    name=options["name"],
                    url=options["url"],
                    key=_key(options["key"]),
                    currency=options["currency"],
                    exchange_rate=options["rate"],
                    new_services=options["new_services"],
                )
                record(actor=operator(), action="provider.add", target=f"provider:{provider.pk}")
        except RegistrationError as error:
            raise BadInput(str(error)) from None
        is_shown = options["key"] not in {"", FROM_INPUT}
        return Answer(
            warning=shown_in_the_process_list("--key") if is_shown else "",
            text=_("Provider %(name)s added. Fetch its services: manage.py sync_services “%(name)s”")
            % {"name": provider},
            data={
                "provider": provider.name,
                "id": provider.pk,
                "currency": provider.currency,
                "exchange_rate": provider.exchange_rate,
                "new_services": provider.new_services,
                "shelve": provider.new_services,  # the key's former name
            },
        )


def _key(given: str) -> Secret:
    """Read the key from the argument, PROVIDER_KEY or standard input: the process list shows command lines."""
    text = given or environ.FileAwareEnv().str("PROVIDER_KEY", default="")
    return Secret(read_secret(text, prompt="API key").reveal().strip())
