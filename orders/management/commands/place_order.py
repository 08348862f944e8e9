"""`manage.py place_order EMAIL SERVICE_ID --link L`: order for a customer, as the site does."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from orders.kinds import BadOrderError
from orders.place import place_order
from panel.customers.models import User
from panel.lib.commands import Answer, BadInput, OperatorCommand
from panel.wallet.ledger import NotEnoughFundsError

WORDS = ("link", "quantity", "runs", "interval")


class Command(OperatorCommand):
    help = "Place an order for a customer: the charge is taken from the wallet, and the order is queued."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("service", type=int)
        parser.add_argument("--link", default="")
        parser.add_argument("--quantity", default="")
        parser.add_argument("--comments-file", type=Path, help="A text file with a comment a line.")
        parser.add_argument("--runs", default="")
        parser.add_argument("--interval", default="", help="Minutes between runs.")

    def work(self, **options: Any) -> Answer:
        customer = User.objects.filter(email__iexact=options["email"].strip(), is_active=True).first()
        if customer is None:
            raise BadInput(f"There is no customer {options['email']}.")
        words = {name: options[name] for name in WORDS} | {"comments": _read(options["comments_file"])}
        try:
            placed = place_order(customer=customer, service_id=options["service"], words=words, now=timezone.now())
        except (BadOrderError, NotEnoughFundsError) as error:
            raise BadInput(str(error)) from None
        order = placed.order
        return Answer(
            text=f"Order {order.pk} is placed for {order.charge.normalize():f} {settings.CURRENCY}.",
            data={"order": order.pk, "charge": order.charge},
        )


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text: {error}") from None
