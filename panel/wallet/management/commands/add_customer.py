"""`manage.py add_customer EMAIL`: a customer, with a password and money if wanted."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.core.validators import validate_email
from django.db import transaction

from panel.customers.models import User
from panel.lib.commands import Answer, BadInput, OperatorCommand, amount
from panel.lib.money import ZERO
from panel.wallet import ledger


class Command(OperatorCommand):
    help = "Add a customer. Without --password nobody can sign in until the password is reset by e-mail."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--password")
        parser.add_argument("--credit", type=amount, default=ZERO, help="Put this much into the wallet.")

    def work(self, **options: Any) -> Answer:
        email = _checked(options["email"], options["password"])
        if options["credit"] < 0:
            raise BadInput("The credit is not negative.")
        with transaction.atomic():
            user = User.objects.create_user(email, options["password"])
            ledger.wallet_of(user=user)
            if options["credit"]:
                key = f"credit:{secrets.token_hex(8)}"
                ledger.credit_wallet(user=user, amount=options["credit"], key=key, note="Opening credit")
        return Answer(
            text=f"{email} is customer {user.pk}, with {options['credit']} {settings.CURRENCY}.",
            data={"customer": user.pk, "email": email, "balance": options["credit"]},
        )


def _checked(email: str, password: str | None) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
        if password is not None:
            validate_password(password, User(email=email))
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    if User.objects.filter(email__iexact=email).exists():
        raise BadInput(f"There is a customer {email} already.")
    return email
