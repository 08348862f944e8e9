"""`manage.py issue_api_key EMAIL`: create an API key for a customer and print it once."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from panel.customers.keys import ApiKeyError, issue_key
from panel.customers.models import User
from panel.lib.commands import Answer, BadInput, OperatorCommand, operator


class Command(OperatorCommand):
    help = "Issue an API key and print it. It cannot be shown again."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="API", help="The name of the key.")
        parser.add_argument("--read-only", action="store_true", help="Can view, but not order, refill or cancel.")
        parser.add_argument(
            "--allow",
            action="append",
            default=[],
            metavar="ADDRESS",
            help="Allow only this IP address or network. Repeat it for several.",
        )

    def work(self, **options: Any) -> Answer:
        customer = User.objects.filter(email__iexact=options["email"].strip(), is_active=True).first()
        if customer is None:
            raise BadInput(_("There is no active customer with the email %(email)s.") % {"email": options["email"]})
        try:
            issued = issue_key(
                customer=customer,
                name=options["name"],
                actor=operator(),
                is_read_only=options["read_only"],
                allowed_networks=options["allow"],
                now=timezone.now(),
            )
        except ApiKeyError as problem:
            raise BadInput(str(problem)) from None
        key = issued.secret.reveal()
        return Answer(text=key, data={"key": key, "prefix": issued.key.prefix, "customer": customer.pk})
