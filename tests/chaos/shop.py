"""What there is before the chaos begins: providers synced and priced, customers with money and keys, and staff."""

import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone

from orders.accounting.reconcile import read_balance
from panel.customers.keys import issue_key
from panel.customers.models import User
from panel.customers.roles import MANAGER, SUPPORT, set_up_roles
from panel.lib.secret import Secret
from panel.wallet import ledger
from providers.catalog.markups import set_markup
from providers.catalog.models import Service
from providers.catalog.publishing.refresh import refresh_provider
from providers.connection.register import register_provider
from providers.models import Provider
from tests.chaos.services import World

CREDIT = Decimal(1_000_000)
TYPES = ("Default", "Custom Comments", "Package")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in; staff have no key."""

    pk: int
    email: str
    password: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Shop:
    """What may be ordered, and by whom."""

    customers: list[Person]
    staff: Person
    services: list[dict[str, Any]]


def open_shop(world: World) -> Shop:
    """Set it all up, as the commands do, while nothing fails yet. The keys issued become canaries."""
    call_command("migrate", verbosity=0)
    set_up_roles()
    set_markup(percent=Decimal(50))
    for name, simulator in world.simulators.items():
        _connect(name, simulator.url, Secret(simulator.key))
    customers = [_customer(number) for number in range(world.plan.customers)]
    world.canaries.extend(person.key for person in customers)
    listed = Service.objects.filter(type__in=TYPES, rate__isnull=False).order_by("pk")
    services = list(listed.values("pk", "type", "min", "max"))
    return Shop(customers, _staff(), services)


def _connect(name: str, url: str, key: Secret) -> None:
    provider = register_provider(
        name=name, url=url, key=key, currency="USD", exchange_rate=Decimal(1), new_services=Provider.NewServices.ALL
    )
    refresh_provider(provider_id=provider.pk, now=timezone.now())
    provider.refresh_from_db()
    provider.probing = Provider.Probing.ADOPT  # it begins once staff have shared twenty verdicts
    provider.save(update_fields=["probing"])
    read_balance(provider=provider)


def _customer(number: int) -> Person:
    person = _person(f"customer-{number}@example.com")
    user = User.objects.get(pk=person.pk)
    ledger.credit_wallet(user=user, amount=CREDIT, key=f"credit:{person.pk}")
    key = issue_key(customer=user, name="chaos", actor="chaos", now=timezone.now()).secret.reveal()
    return Person(person.pk, person.email, person.password, key)


def _staff() -> Person:
    person = _person("staff@example.com")
    user = User.objects.get(pk=person.pk)
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.groups.add(*Group.objects.filter(name__in=[SUPPORT, MANAGER]))
    return person


def _person(email: str) -> Person:
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(email, password)
    return Person(user.pk, email, password)
