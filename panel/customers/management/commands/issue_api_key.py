"""`manage.py issue_api_key EMAIL`: a key to the API for a customer, printed once."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from panel.customers.keys import ApiKeyError, issue_key
from panel.customers.models import User
from panel.lib.commands import Answer, BadInput, OperatorCommand, operator


class Command(OperatorCommand):
    help = "Issue a key to the API and print it. It cannot be shown again."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="API", help="What the customer knows it by.")
        parser.add_argument("--read-only", action="store_true", help="It may look, but not order, refill or cancel.")
        parser.add_argument("--allow", action="append", default=[], metavar="ADDRESS", help="Only from there.")

    def work(self, **options: Any) -> Answer:
        customer = User.objects.filter(email__iexact=options["email"].strip(), is_active=True).first()
        if customer is None:
            raise BadInput(f"There is no active customer {options['email']}.")
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
