"""Browser tests of whole pages use the same real browser as those of the front end."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from tests.fixtures_orders import Store
from tests.panel.web.conftest import Window, browser, chromium, window

__all__ = ["browser", "chromium", "window"]

SignIn = Callable[..., Window]


@pytest.fixture
def signed_in(store: Store, window: Callable[..., Window]) -> SignIn:
    """Opens windows in which the store's customer is signed in: `signed_in(width=390)`."""

    def open_window(**options: object) -> Window:
        client = Client()
        client.force_login(store.customer)
        opened = window(**options)
        opened.cookie(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
        return opened

    return open_window
