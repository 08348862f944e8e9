"""`manage.py place_order EMAIL SERVICE_ID --link L`: order for a customer, as the site does."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from orders.placing.place import place_order
from orders.placing.validation import BadOrderError
from panel.customers.models import User
from panel.lib.commands import Answer, BadInput, OperatorCommand, operator, token
from panel.lib.money import plain
from panel.ops import audit
from panel.wallet.ledger import NotEnoughFundsError

WORDS = ("link", "quantity", "runs", "interval")
LONGEST_NAME = 40


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
        parser.add_argument(
            "--field", action="append", default=[], metavar="NAME=TEXT", help="Another field of the service's type."
        )

        parser.add_argument("--token", type=token, help="A name of yours for this order: it is placed once under it.")

    def work(self, **options: Any) -> Answer:
        customer = User.objects.filter(email__iexact=options["email"].strip(), is_active=True).first()
        if customer is None:
            raise BadInput(f"There is no customer {options['email']}.")
        words = {name: options[name] for name in WORDS} | {"comments": _read(options["comments_file"])}
        words |= dict(_field(text) for text in options["field"])
        try:
            placed = place_order(
                customer=customer,
                service_id=options["service"],
                params=words,
                now=timezone.now(),
                token=f"command:{options['token']}" if options["token"] else None,
            )
        except (BadOrderError, NotEnoughFundsError) as error:
            raise BadInput(str(error)) from None
        order = placed.order
        if placed.is_new:
            detail = {"service": options["service"], "charge": plain(order.charge)}
            audit.record(actor=operator(), action="order.place", target=f"order:{order.pk}", detail=detail)
        said = "is placed" if placed.is_new else "was placed before"
        return Answer(
            text=f"Order {order.pk} {said} for {order.charge.normalize():f} {settings.CURRENCY}.",
            data={"order": order.pk, "charge": order.charge, "placed": placed.is_new},
        )


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text: {error}") from None


def _field(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name.strip() or len(name) > LONGEST_NAME:
        raise BadInput(f"“{text[:60]}” is no field: write NAME=TEXT.")
    return name.strip(), value.replace("\\n", "\n")
