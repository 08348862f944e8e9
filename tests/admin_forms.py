"""A change form or an action of the admin sent as a browser does: with what its page showed."""

import re
from collections.abc import Mapping
from typing import Any

from django.test import Client

SEEN = re.compile(r'name="seen" value="([^"]+)"')
OPENED = re.compile(r'name="opened" value="([^"]+)"')


def opened(client: Client, url: str) -> dict[str, str]:
    """The hidden field of the page as it is now."""
    found = OPENED.search(client.get(url).content.decode())
    return {"opened": found[1]} if found else {}


def save(client: Client, url: str, given: Mapping[str, Any]) -> Any:
    """Open the page, enter this, and save."""
    return client.post(url, {**opened(client, url), **given})


def seen(client: Client, url: str) -> dict[str, str]:
    """When the list was read, as its page says."""
    found = SEEN.search(client.get(url).content.decode())
    return {"seen": found[1]} if found else {}
