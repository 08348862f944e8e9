"""From a provider's row to its adapter: opens the key, and says in people's words why a connection does not work.

Called by the sync, the order jobs, `check_provider` and the admin's "test connection".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings

from panel.lib.crypto import SealError
from panel.ops.metrics.provider_calls import record_call
from providers.adapters.base import Balance, ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.adapters.registry import adapter_class
from providers.models import Provider

PROBLEM_TEXTS = {
    "not_connected": "It could not be reached. Check the API address",
    "busy": "It is too busy to answer now. Try again in a minute",
    "key": "It refuses the API key",
    "broken": "Its answer makes no sense. Check the API address",
}


class ConnectionFailedError(Exception):
    """The provider does not answer as it should. The message is for people and never holds the key."""


def open_adapter(provider: Provider) -> ProviderAdapter:
    """The provider's adapter, for one thread; the caller closes it. Raises SealError where its key does not open."""
    adapter = adapter_class(provider.adapter)(
        provider.url, provider.open_key(), allowed_private_hosts=settings.ALLOWED_PRIVATE_HOSTS
    )
    adapter.record = partial(record_call, provider.name)
    return adapter


@contextmanager
def connected(provider: Provider) -> Iterator[ProviderAdapter]:
    """The provider's adapter, closed at the end of the block."""
    adapter = open_adapter(provider)
    try:
        yield adapter
    finally:
        adapter.close()


def check_connection(*, provider: Provider) -> Balance:
    """Our balance there, asked for with the stored key; changes nothing. Raises ConnectionFailedError."""
    try:
        with connected(provider) as adapter:
            return adapter.balance()
    except SealError as error:
        raise ConnectionFailedError(f"Its API key cannot be opened, enter it again. {error}") from None
    except RetryLater as error:
        raise ConnectionFailedError(f"{PROBLEM_TEXTS[error.reason]}: {error.text}") from None
