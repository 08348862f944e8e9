"""`manage.py record_deposit NAME AMOUNT`: record a payment to a provider, or a refund with a negative amount."""

import secrets
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from panel.lib.commands import Answer, BadInput, OperatorCommand, amount, operator, token
from providers.balances import readings
from providers.balances.deposits import book_deposit, is_that_deposit
from providers.models import Provider


class Command(OperatorCommand):
    help = "Record a payment to a provider, in the provider's currency. A negative AMOUNT records a refund."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("amount", type=amount)
        parser.add_argument("--note", default="")
        parser.add_argument("--token", type=token, help="Your own ID of this payment. It is recorded once under it.")

    def work(self, **options: Any) -> Answer:
        provider = Provider.objects.filter(name=options["name"]).first()
        if provider is None:
            raise BadInput(_("No provider is named “%(name)s”.") % {"name": options["name"]})
        if not options["amount"]:
            raise BadInput(_("The amount must not be zero."))
        given = {"provider": provider, "amount": options["amount"], "token": options["token"] or secrets.token_hex(16)}
        is_new = book_deposit(**given, reason=options["note"], actor=operator())
        if not is_new and not is_that_deposit(**given):
            raise BadInput(
                _("The token “%(token)s” was used for another deposit. Nothing was recorded.")
                % {"token": options["token"]}
            )
        expected = readings.expected_balance(provider=provider)
        text = _("Recorded. The ledger balance at %(provider)s is %(balance)s %(currency)s.")
        if not is_new:
            text = _("Already recorded. The ledger balance at %(provider)s is %(balance)s %(currency)s.")
        facts = {"provider": provider, "balance": f"{expected.normalize():f}", "currency": provider.currency}
        return Answer(
            text=text % facts,
            data={"provider": provider.name, "amount": options["amount"], "expected": expected, "booked": is_new},
        )
