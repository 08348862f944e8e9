"""`manage.py check_provider NAME`: ask a provider for our balance there; changes nothing."""

from typing import Any

from django.core.management.base import CommandParser

from panel.lib.commands import Answer, BadInput, OperatorCommand
from panel.lib.money import plain
from providers.connection.connect import ConnectionFailedError, check_connection
from providers.models import Provider


class Command(OperatorCommand):
    help = "Try a provider's address and key by asking for our balance there. Exit status 1 where that fails."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def work(self, **options: Any) -> Answer:
        provider = Provider.objects.filter(name=options["name"]).first()
        if provider is None:
            raise BadInput(f"There is no provider “{options['name']}”.")
        try:
            balance = check_connection(provider=provider)
        except ConnectionFailedError as error:
            data = {"provider": provider.name, "ok": False, "error": str(error)}
            return Answer(text=f"{provider}: {error}", data=data, exit_status=1)
        currency = balance.currency or provider.currency
        is_right = currency.upper() == provider.currency.upper()
        text = f"{provider} answers: our balance there is {plain(balance.amount)} {currency}."
        if not is_right:
            text += f" That is another currency than the {provider.currency} set here: nothing can be sent."
        return Answer(
            text=text,
            data={"provider": provider.name, "ok": is_right, "balance": balance.amount, "currency": currency},
            exit_status=0 if is_right else 1,
        )
