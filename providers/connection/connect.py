"""Opens a provider's adapter with its decrypted key, and explains to people why a connection fails.

Called by the sync, the order jobs, `check_provider` and the admin's "test connection".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.crypto import SealError
from panel.ops.metrics.provider_calls import record_call
from providers.adapters.base import Balance, ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.adapters.registry import adapter_class
from providers.models import Provider

PROBLEM_TEXTS = {
    "not_connected": _lazy("Could not connect. Check the API URL"),
    "busy": _lazy("The provider is busy. Try again in a minute"),
    "key": _lazy("The API key is rejected"),
    "broken": _lazy("Unexpected response. Check the API URL"),
}


class ConnectionFailedError(Exception):
    """The provider could not be reached or answered unexpectedly. The message is for people, without the key."""


def open_adapter(provider: Provider) -> ProviderAdapter:
    """Open the provider's adapter for one thread; the caller closes it. Raises SealError if the key cannot be read."""
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
    """Our balance at the provider, read with the stored key. Changes nothing. Raises ConnectionFailedError."""
    try:
        with connected(provider) as adapter:
            return adapter.balance()
    except SealError as error:
        text = _("The API key cannot be read. Enter it again. %(error)s")
        raise ConnectionFailedError(text % {"error": error}) from None
    except RetryLater as error:
        raise ConnectionFailedError(f"{PROBLEM_TEXTS[error.reason]}: {error.text}") from None
