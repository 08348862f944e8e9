"""Who looks at the pages: `ada` owns the store's orders, `bo` is another customer."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from orders.models import Order
from panel.customers.models import User
from panel.customers.roles import READ_ONLY, set_up_roles
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import DEFAULT_SERVICE, ORDER_SECONDS

Write = Callable[..., dict[str, str]]


@pytest.fixture
def ada(store: Store) -> Client:
    """The owner's browser."""
    client = Client()
    client.force_login(store.customer)
    return client


@pytest.fixture
def bo(store: Store) -> Client:
    """Somebody else's browser."""
    client = Client()
    client.force_login(User.objects.create_user("bo@example.com", "correct horse battery"))
    return client


@pytest.fixture
def write(store: Store, ada: Client) -> Write:
    """The order form of a service, filled in: what a browser would send."""

    def fill(external_id: str = DEFAULT_SERVICE, **words: str) -> dict[str, str]:
        service = store.service(external_id)
        page = ada.get("/order/", {"service": service.pk}).content.decode()
        hidden = {name: hidden_value(page, name) for name in ("token", "seen_rate")}
        return {"service": str(service.pk), **hidden, "link": LINK, "quantity": "1000", **words}

    return fill


@pytest.fixture
def many(store: Store) -> list[Order]:
    """Thirty orders more."""
    return [store.place(quantity="50") for _ in range(30)]


def hidden_value(page: str, name: str) -> str:
    """What the page's hidden field of that name holds."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


@pytest.fixture
def completed(store: Store) -> Order:
    """An order that was delivered."""
    order = store.active()
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    return store.fresh(order)


@pytest.fixture
def owner(store: Store) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


@pytest.fixture
def helper(store: Store) -> Client:
    """A member of staff who may look, and nothing else."""
    set_up_roles()
    user = User.objects.create_user("helper@example.com", "correct horse battery", is_staff=True)
    user.groups.add(Group.objects.get(name=READ_ONLY))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def doubtful(store: Store) -> Order:
    """An order whose answer was lost after the provider had taken it; its lease has ended."""
    store.simulator.next("add", "reset_after_create")
    order = store.submit(store.place())
    assert order.state == "UNCONFIRMED"
    store.let_lease_end(order)
    return order
