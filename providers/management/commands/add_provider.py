"""`manage.py add_provider NAME --url URL --key KEY`: connect a provider; its services come with the next sync."""

import argparse
import re
from decimal import Decimal
from typing import Any

import environ
from django.core.management.base import CommandParser
from django.db import transaction

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
    """A number in plain digits."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,15})?", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a rate. Write it like 1.085.")
    return Decimal(text)


class Command(OperatorCommand):
    help = "Connect a provider. Without --key, or with --key -, its key is read from PROVIDER_KEY or standard input."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--url", required=True, help="The address of its API.")
        parser.add_argument("--key", default="", help="Its API key; - asks for it, or reads it from standard input.")
        parser.add_argument("--currency", default="USD", help="The currency of its prices (USD).")
        parser.add_argument(
            "--rate", type=exchange_rate, default=Decimal(1), help="What one unit of it is worth in the shop's (1)."
        )
        parser.add_argument(
            "--new-services",
            "--shelve",
            choices=Provider.NewServices.values,
            default="all",
            help="New services: on sale, or after review.",
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
            text=f"{provider} is connected. Get its services: manage.py sync_services “{provider}”",
            data={
                "provider": provider.name,
                "id": provider.pk,
                "currency": provider.currency,
                "exchange_rate": provider.exchange_rate,
                "shelve": provider.new_services,
            },
        )


def _key(given: str) -> Secret:
    """The key from where it is: the process list shows what stands on a command line, so there are other ways."""
    found = given or environ.FileAwareEnv().str("PROVIDER_KEY", default="")
    return Secret(read_secret(found, prompt="API key").reveal().strip())
