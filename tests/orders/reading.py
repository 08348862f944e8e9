"""A page as somebody reads it."""

import re

from django.test import Client

from orders.models import Order


def text_of(client: Client, order: Order) -> str:
    """What the page of the order says, without its frame's head."""
    return text_in(client.get(f"/orders/{order.pk}/").content.decode().partition('id="order-live"')[2])


def text_in(html: str) -> str:
    """The words of this markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
