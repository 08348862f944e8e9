"""A new provider with its key sealed from the first moment. Called by `add_provider`."""

import re
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction

from panel.lib.money import round_to
from panel.lib.outbound.addresses import address_problem
from panel.lib.secret import Secret
from providers.models import Provider

CURRENCY = re.compile("[A-Z]{3,8}")
MAX_URL_LENGTH, MAX_NAME_LENGTH, MAX_KEY_LENGTH = 300, 100, 500
MAX_EXCHANGE_RATE = Decimal(1_000_000)
EXCHANGE_RATE_PLACES = 10


class RegistrationError(ValueError):
    """This makes no provider; nothing was changed. The message is for people and never holds the key."""


def register_provider(
    *, name: str, url: str, key: Secret, currency: str, exchange_rate: Decimal, new_services: str
) -> Provider:
    """Add a provider. Nothing is asked of it yet. Raises RegistrationError, also where the name is taken."""
    name, currency = name.strip(), currency.strip().upper()
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise RegistrationError(f"A provider's name has 1 to {MAX_NAME_LENGTH} letters.")
    if not CURRENCY.fullmatch(currency):
        raise RegistrationError(f"“{currency[:20]}” is not a currency. Write it like USD.")
    if not key.reveal() or len(key.reveal()) > MAX_KEY_LENGTH or not re.fullmatch("[!-~]+", key.reveal()):
        raise RegistrationError("The API key is empty, or holds characters that no key has.")
    check_url(url)
    _check_exchange_rate(exchange_rate)
    try:
        with transaction.atomic():
            provider = Provider.objects.create(
                name=name, url=url, currency=currency, exchange_rate=exchange_rate, new_services=new_services
            )
            provider.set_key(key)
            provider.save(update_fields=["sealed_key", "key_hint"])
    except IntegrityError:
        raise RegistrationError(f"There is a provider “{name}” already.") from None
    return provider


def check_url(url: str) -> None:
    """Raises RegistrationError where `url` cannot be an API's address, or is one that we would never talk to."""
    problem = address_problem(
        url,
        max_length=MAX_URL_LENGTH,
        private_hosts=settings.ALLOWED_PRIVATE_HOSTS,
        example="https://provider.example/api/v2",
    )
    if problem:
        raise RegistrationError(problem)


def _check_exchange_rate(exchange_rate: Decimal) -> None:
    if not exchange_rate.is_finite() or not 0 < exchange_rate <= MAX_EXCHANGE_RATE:
        raise RegistrationError(f"The exchange rate is above 0 and at most {MAX_EXCHANGE_RATE:,}.")
    if exchange_rate != round_to(exchange_rate, places=EXCHANGE_RATE_PLACES):
        raise RegistrationError(f"The exchange rate has at most {EXCHANGE_RATE_PLACES} decimals.")
