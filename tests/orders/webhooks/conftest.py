"""A customer's program that hears of changes: a server at an address of this machine, which the tests allow."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from orders.webhooks.choices import set_webhook
from orders.webhooks.models import Delivery, Webhook
from panel.lib.secret import Secret
from tests.fixtures_orders import Store
from tests.scripted import Act, ScriptedServer, answer, scripted


def queue(webhook: Webhook, count: int = 1) -> list[Delivery]:
    """So many messages about an order that wait, in their order."""
    rows = [Delivery(webhook=webhook, event="order.changed", payload={"order": 7, "n": n}) for n in range(count)]
    return Delivery.objects.bulk_create(rows)


Listen = Callable[..., ScriptedServer]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """`listen(*acts)` starts the program; it takes every message where nothing else is said."""
    with ExitStack() as stack:

        def start(*acts: Act) -> ScriptedServer:
            return stack.enter_context(scripted(*(acts or (answer(b"ok"),))))

        yield start


@pytest.fixture
def hook(store: Store, listen: Listen) -> tuple[ScriptedServer, Secret]:
    """The customer's program, told of every change, and the secret it was given."""
    program = listen()
    secret = set_webhook(customer=store.customer, url=program.url, actor="test")
    assert secret is not None
    return program, secret


@pytest.fixture
def webhook(hook: tuple[ScriptedServer, Secret]) -> Webhook:
    return Webhook.objects.get()
