"""Adds a provider with an encrypted API key. Called by `add_provider` and the admin."""

import re
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from panel.lib.money import round_to
from panel.lib.outbound.addresses import address_problem
from panel.lib.secret import Secret
from providers.models import Provider

CURRENCY = re.compile("[A-Z]{3,8}")
MAX_URL_LENGTH, MAX_NAME_LENGTH, MAX_KEY_LENGTH = 300, 100, 500
MAX_EXCHANGE_RATE = Decimal(1_000_000)
EXCHANGE_RATE_PLACES = 10


class RegistrationError(ValueError):
    """The values are invalid; nothing was changed. The message is for people and never holds the key."""


def register_provider(
    *, name: str, url: str, key: Secret, currency: str, exchange_rate: Decimal, new_services: str
) -> Provider:
    """Add a provider without calling it. Raises RegistrationError, also if the name is taken."""
    name, currency = name.strip(), currency.strip().upper()
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise RegistrationError(_("Enter a name of 1 to %(max)s characters.") % {"max": MAX_NAME_LENGTH})
    if not CURRENCY.fullmatch(currency):
        raise RegistrationError(_("“%(text)s” is not a currency code. Example: USD.") % {"text": currency[:20]})
    if not key.reveal() or len(key.reveal()) > MAX_KEY_LENGTH or not re.fullmatch("[!-~]+", key.reveal()):
        raise RegistrationError(_("The API key is empty or contains invalid characters."))
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
        raise RegistrationError(_("A provider named “%(name)s” already exists.") % {"name": name}) from None
    return provider


def check_url(url: str) -> None:
    """Raises RegistrationError if `url` is not a valid API URL, or is one that the panel must not call."""
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
        raise RegistrationError(
            _("The exchange rate must be above 0 and at most %(max)s.") % {"max": f"{MAX_EXCHANGE_RATE:,}"}
        )
    if exchange_rate != round_to(exchange_rate, places=EXCHANGE_RATE_PLACES):
        raise RegistrationError(
            _("Enter an exchange rate with at most %(places)s decimals.") % {"places": EXCHANGE_RATE_PLACES}
        )
