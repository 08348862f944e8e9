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
from panel.lib.commands import (
    FROM_INPUT,
    Answer,
    BadInput,
    OperatorCommand,
    amount,
    operator,
    read_secret,
    shown_in_the_process_list,
)
from panel.lib.money import ZERO, plain
from panel.ops import audit
from panel.wallet import ledger


class Command(OperatorCommand):
    help = "Add a customer. Without --password nobody can sign in until the password is reset by e-mail."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--password", nargs="?", const=FROM_INPUT, help="Asked for, or with - read from standard input."
        )
        parser.add_argument("--credit", type=amount, default=ZERO, help="Put this much into the wallet.")

    def work(self, **options: Any) -> Answer:
        given = options["password"]
        password = None if given is None else read_secret(given, prompt="Password").reveal()
        email = _checked(options["email"], password)
        if options["credit"] < 0:
            raise BadInput("The credit is not negative.")
        with transaction.atomic():
            user = User.objects.create_user(email, password)
            ledger.wallet_of(user=user)
            if options["credit"]:
                key = f"credit:{secrets.token_hex(8)}"
                ledger.credit_wallet(user=user, amount=options["credit"], key=key, note="Opening credit")
            detail = {"email": email, "credit": plain(options["credit"])}
            audit.record(actor=operator(), action="user.add", target=f"user:{user.pk}", detail=detail)
        is_shown = given not in {None, FROM_INPUT}
        return Answer(
            warning=shown_in_the_process_list("--password") if is_shown else "",
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
