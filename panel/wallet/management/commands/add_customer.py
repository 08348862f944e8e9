"""`manage.py add_customer EMAIL`: add a customer, optionally with a password and an opening balance."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

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
    help = "Add a customer. Without --password the customer has to reset the password by email first."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--password", nargs="?", const=FROM_INPUT, help="Asks for it, or with - reads it from standard input."
        )
        parser.add_argument("--credit", type=amount, default=ZERO, help="The opening balance.")

    def work(self, **options: Any) -> Answer:
        given = options["password"]
        password = None if given is None else read_secret(given, prompt="Password").reveal()
        email = _checked(options["email"], password)
        if options["credit"] < 0:
            raise BadInput(_("The credit must not be negative."))
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
            text=_("Customer #%(id)d added: %(email)s, balance %(balance)s %(currency)s.")
            % {"id": user.pk, "email": email, "balance": options["credit"], "currency": settings.CURRENCY},
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
        raise BadInput(_("A customer with the email %(email)s already exists.") % {"email": email})
    return email
