"""Calls of the API as a program makes them: `api("status", order=1)` gives the JSON of the answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from orders.api import service_list
from panel.customers.keys import issue_key
from tests.fixtures_orders import Store

ADDRESS = "/api/v2"


@dataclass
class Api:
    """The API under a key of the store's customer."""

    key: str
    client: Client

    def __call__(self, action: str, **words: Any) -> Any:
        return self.post({"action": action, **words}).json()

    def post(self, words: dict[str, Any], **extra: Any) -> HttpResponse:
        return self.client.post(ADDRESS, {"key": self.key, **words}, **extra)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    service_list.kept.forget()
    yield
    service_list.kept.forget()


@pytest.fixture
def api(store: Store) -> Api:
    issued = issue_key(customer=store.customer, name="Test", actor="test", now=timezone.now())
    return Api(issued.secret.reveal(), Client())
