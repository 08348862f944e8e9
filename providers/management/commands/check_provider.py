"""`manage.py check_provider NAME`: test a provider's connection by reading the balance. Changes nothing."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from panel.lib.commands import Answer, BadInput, OperatorCommand
from panel.lib.money import plain
from providers.connection.connect import ConnectionFailedError, check_connection
from providers.models import Provider


class Command(OperatorCommand):
    help = "Test a provider's URL and API key by reading the balance. Exit status 1 if that fails."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def work(self, **options: Any) -> Answer:
        provider = Provider.objects.filter(name=options["name"]).first()
        if provider is None:
            raise BadInput(_("No provider is named “%(name)s”.") % {"name": options["name"]})
        try:
            balance = check_connection(provider=provider)
        except ConnectionFailedError as error:
            data = {"provider": provider.name, "ok": False, "error": str(error)}
            return Answer(text=f"{provider}: {error}", data=data, exit_status=1)
        currency = balance.currency or provider.currency
        is_right = currency.upper() == provider.currency.upper()
        text = _("%(provider)s is connected. Balance: %(amount)s %(currency)s.") % {
            "provider": provider,
            "amount": plain(balance.amount),
            "currency": currency,
        }
        if not is_right:
            warning = _("The provider's currency here is %(currency)s, so orders cannot be sent.")
            text = f"{text} {warning % {'currency': provider.currency}}"
        return Answer(
            text=text,
            data={"provider": provider.name, "ok": is_right, "balance": balance.amount, "currency": currency},
            exit_status=0 if is_right else 1,
        )
