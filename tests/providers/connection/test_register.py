"""A new provider: checked, its key sealed from the first moment, and what connects to it."""

from decimal import Decimal
from typing import Any

import pytest

from panel.lib.secret import Secret
from providers.connection.connect import ConnectionFailedError, check_connection
from providers.connection.register import RegistrationError, register_provider
from providers.models import Provider
from tests.fixtures_simulator import Simulator

KEY = "a-secret-key-0123456789"
GOOD: dict[str, Any] = {
    "name": "North",
    "url": "https://provider.example/api/v2",
    "key": Secret(KEY),
    "currency": "USD",
    "exchange_rate": Decimal(1),
    "new_services": "all",
}


@pytest.mark.django_db
def test_the_key_is_sealed_and_opens_again() -> None:
    made = register_provider(**{**GOOD, "currency": " eur ", "exchange_rate": Decimal("1.0850000001")})
    provider = Provider.objects.get(pk=made.pk)
    assert (provider.currency, provider.exchange_rate, provider.new_services) == ("EUR", Decimal("1.0850000001"), "all")
    assert KEY not in provider.sealed_key
    assert (provider.open_key().reveal(), provider.key_hint) == (KEY, "6789")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": " "}, "Enter a name of 1 to 100 characters."),
        ({"name": "x" * 101}, "Enter a name of 1 to 100 characters."),
        ({"name": "two\nlines"}, "Enter a name of 1 to 100 characters."),
        ({"currency": "US"}, "not a currency"),
        ({"currency": "U$D"}, "not a currency"),
        ({"key": Secret("")}, "The API key is empty"),
        ({"key": Secret("with space")}, "The API key is empty"),
        ({"key": Secret("k" * 501)}, "The API key is empty"),
        ({"url": "provider.example/api/v2"}, "no address that we can use"),
        ({"url": "ftp://provider.example"}, "no address that we can use"),
        ({"url": "https://"}, "no address that we can use"),
        ({"url": "https://[::1/api"}, "no address that we can use"),
        ({"url": "https://provider.example:99999/"}, "no address that we can use"),
        ({"url": "https://provider.example/" + "a" * 300}, "no address that we can use"),
        ({"url": "https://me:secret@provider.example/"}, "more than a host and a path"),
        ({"url": "https://provider.example/?key=1"}, "more than a host and a path"),
        ({"url": "http://provider.example/api/v2"}, "not https"),
        ({"exchange_rate": Decimal(0)}, "exchange rate must be above 0"),
        ({"exchange_rate": Decimal("NaN")}, "exchange rate must be above 0"),
        ({"exchange_rate": Decimal(1_000_001)}, "exchange rate must be above 0"),
        ({"exchange_rate": Decimal("1.00000000001")}, "at most 10 decimals"),
    ],
)
@pytest.mark.django_db
def test_what_makes_no_provider_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        register_provider(**{**GOOD, **wrong})
    assert not Provider.objects.exists()


@pytest.mark.django_db
def test_a_name_is_taken_once() -> None:
    register_provider(**GOOD)
    with pytest.raises(RegistrationError, match="A provider named “North” already exists"):
        register_provider(**{**GOOD, "url": "https://other.example/api/v2"})
    assert Provider.objects.get().url == "https://provider.example/api/v2"


def test_a_connection_is_checked_with_the_balance(provider: Provider, simulator: Simulator) -> None:
    balance = check_connection(provider=provider)
    assert (balance.amount, balance.currency) == (Decimal(1000), "USD")
    assert simulator.requests("balance") == [1]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("invalid_key", "The API key is rejected"),
        ("html", "Unexpected response"),
        ("busy429", "The provider is busy"),
    ],
)
def test_a_connection_that_fails_says_why(provider: Provider, simulator: Simulator, fault: str, words: str) -> None:
    simulator.next("balance", fault, 3)
    with pytest.raises(ConnectionFailedError) as caught:
        check_connection(provider=provider)
    assert str(caught.value).startswith(words)
    assert simulator.key not in str(caught.value)


def test_a_provider_that_is_not_there_says_so(provider: Provider) -> None:
    provider.url = "http://127.0.0.1:9/api/v2"
    with pytest.raises(ConnectionFailedError, match="Could not connect"):
        check_connection(provider=provider)
