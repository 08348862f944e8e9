"""`manage.py record_deposit NAME AMOUNT`: book money paid to a provider, or with a negative amount taken back."""

from typing import Any

from django.core.management.base import CommandParser

from panel.lib.commands import Answer, BadInput, OperatorCommand, amount
from providers import balances
from providers.models import Provider


class Command(OperatorCommand):
    help = "Book a payment to a provider, in the provider's currency. A negative AMOUNT books money taken back."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("amount", type=amount)
        parser.add_argument("--note", default="")

    def work(self, **options: Any) -> Answer:
        provider = Provider.objects.filter(name=options["name"]).first()
        if provider is None:
            raise BadInput(f"There is no provider “{options['name']}”.")
        if not options["amount"]:
            raise BadInput("The amount is not zero.")
        balances.record_deposit(provider=provider, amount=options["amount"], note=options["note"])
        expected = balances.expected_balance(provider=provider)
        return Answer(
            text=f"Booked. By our books {expected.normalize():f} {provider.currency} are at {provider}.",
            data={"provider": provider.name, "amount": options["amount"], "expected": expected},
        )
