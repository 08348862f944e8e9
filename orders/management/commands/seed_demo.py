"""Connects the provider named in the environment, and fills an empty database with a small demo. For `make run`."""

import os
import secrets
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from orders.accounting.reconcile import read_balances
from panel.customers.models import User
from panel.lib.commands import Answer, BadInput, OperatorCommand
from panel.lib.secret import Secret
from panel.ops import audit
from panel.ops.models import AuditEvent
from panel.wallet.ledger import credit_wallet
from providers.catalog.markups import set_markup
from providers.catalog.publishing.refresh import refresh_providers
from providers.connection.register import RegistrationError, register_provider
from providers.models import Provider

ACTOR = "seed_demo"
STARTED, FINISHED = "demo.started", "demo.finished"
STAFF, CUSTOMER = "staff@demo.example", "customer@demo.example"
MARKUP_PERCENT = Decimal(50)
CREDIT = Decimal(250)
LOCAL = {"127.0.0.1", "localhost"}


class Command(OperatorCommand):
    help = (
        "Connect the provider of PROVIDER_URL and PROVIDER_KEY. On an empty database also: a markup, a customer with "
        "money and a member of staff; their passwords are shown once and kept in DATA_DIR/sign-ins.txt."
    )

    def work(self, **options: Any) -> Answer:
        env = environ.FileAwareEnv()
        url, key = env.str("PROVIDER_URL", default="").strip(), env.str("PROVIDER_KEY", default="").strip()
        if not url or not key:
            raise BadInput("Set PROVIDER_URL and PROVIDER_KEY.")
        is_wanted = is_demo_wanted()
        if is_wanted:
            audit.record(actor=ACTOR, action=STARTED, target="demo")
        problems = connect_provider(url=url, key=Secret(key))
        sign_ins = fill_database() if is_wanted else []
        lines = [*problems, *(sign_in_line(made) for made in sign_ins)]
        data = {"sign_ins": sign_ins, "problems": problems}
        return Answer(text="\n".join(lines) or "Nothing to do.", data=data, exit_status=1 if problems else 0)


def is_demo_wanted() -> bool:
    """Whether the database is empty, or holds no more than an interrupted run of this command left."""
    done = set(AuditEvent.objects.filter(actor=ACTOR, target="demo").values_list("action", flat=True))
    if FINISHED in done:
        return False
    return STARTED in done or not (User.objects.exists() or Provider.objects.exists())


def connect_provider(*, url: str, key: Secret) -> list[str]:
    """Connect the provider and read its services and balance, unless one of that address is connected already.

    What keeps its services from being read is returned in words: the job tries again. Raises BadInput.
    """
    if Provider.objects.filter(url=url, synced_at__isnull=False).exists():
        return []
    provider = Provider.objects.filter(url=url).first() or _register(url, key)
    done = refresh_providers(providers=[provider], now=timezone.now())
    problems = [*done.failures.values(), *done.problems().values()]
    if not problems:
        read_balances()
    return [f"{provider}: {problem}" for problem in problems]


def fill_database() -> list[dict[str, str]]:
    """The markup, the customer and the member of staff, all or nothing; how to sign in as each."""
    sign_ins = [
        {"role": role, "email": email, "password": secrets.token_urlsafe(12)}
        for role, email in (("staff", STAFF), ("customer", CUSTOMER))
    ]
    with transaction.atomic():
        set_markup(percent=MARKUP_PERCENT)
        for made in sign_ins:
            user = _add_user(**made)
            if made["role"] == "customer":
                credit_wallet(user=user, amount=CREDIT, key="credit:demo", note="Opening credit")
        audit.record(actor=ACTOR, action=FINISHED, target="demo")
        _keep(sign_ins)  # last inside the transaction: no account exists whose password nobody knows
    return sign_ins


def sign_in_line(made: dict[str, str]) -> str:
    """How to sign in, in one line."""
    return f"{made['email']}  {made['password']}  ({made['role']})"


def _register(url: str, key: Secret) -> Provider:
    host = urlsplit(url).hostname or url
    name = "Demo provider" if host in LOCAL else host
    try:
        provider = register_provider(
            name=name, url=url, key=key, currency=settings.CURRENCY, exchange_rate=Decimal(1), new_services="all"
        )
        audit.record(actor=ACTOR, action="provider.add", target=f"provider:{provider.pk}")
        return provider
    except RegistrationError as error:
        raise BadInput(str(error)) from None


def _add_user(*, role: str, email: str, password: str) -> User:
    make = User.objects.create_superuser if role == "staff" else User.objects.create_user
    user = make(email, password)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _keep(sign_ins: list[dict[str, str]]) -> None:
    """Write the sign-ins where only the owner of the data directory reads them."""
    path = Path(settings.DATA_DIR) / "sign-ins.txt"
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("".join(f"{sign_in_line(made)}\n" for made in sign_ins))
    draft.rename(path)
