"""`manage.py record_deposit NAME AMOUNT`: book money paid to a provider, or with a negative amount taken back."""

import secrets
from typing import Any

from django.core.management.base import CommandParser

from panel.lib.commands import Answer, BadInput, OperatorCommand, amount, operator, token
from providers.balances import readings
from providers.balances.deposits import book_deposit, is_that_deposit
from providers.models import Provider


class Command(OperatorCommand):
    help = "Book a payment to a provider, in the provider's currency. A negative AMOUNT books money taken back."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("amount", type=amount)
        parser.add_argument("--note", default="")
        parser.add_argument("--token", type=token, help="A name of yours for this payment: it is booked once under it.")

    def work(self, **options: Any) -> Answer:
        provider = Provider.objects.filter(name=options["name"]).first()
        if provider is None:
            raise BadInput(f"There is no provider “{options['name']}”.")
        if not options["amount"]:
            raise BadInput("The amount is not zero.")
        given = {"provider": provider, "amount": options["amount"], "token": options["token"] or secrets.token_hex(16)}
        is_new = book_deposit(**given, reason=options["note"], actor=operator())
        if not is_new and not is_that_deposit(**given):
            raise BadInput(f"The token “{options['token']}” was used for another deposit. Nothing was booked.")
        expected = readings.expected_balance(provider=provider)
        said = "Booked" if is_new else "Booked before"
        return Answer(
            text=f"{said}. By our books {expected.normalize():f} {provider.currency} are at {provider}.",
            data={"provider": provider.name, "amount": options["amount"], "expected": expected, "booked": is_new},
        )
