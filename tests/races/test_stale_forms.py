"""Staff who save one row at the same moment: of those who changed one field one is first, and the others are told."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from panel.customers.admin import UserAdmin
from panel.customers.models import User
from panel.ops.admin_forms.base import RecordAdmin
from panel.ops.models import AuditEvent
from tests.admin_forms import opened
from tests.fixtures_orders import Store
from tests.races.test_orders import RIVALS, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def save_at_once(store: Store) -> list[Any]:
    """Each opens the customer's page, then all save another name at the same moment: what each was answered."""
    url = f"/admin/customers/user/{store.customer.pk}/change/"
    owner = User.objects.create_superuser("owner@example.com")
    clients = [Client() for _ in range(RIVALS)]
    for client in clients:
        client.force_login(owner)
    pages = [opened(client, url) for client in clients]

    def save(number: int) -> int:
        given = {**pages[number], "name": f"Name {number}", "time_zone": "", "is_active": "on"}
        return clients[number].post(url, given).status_code

    return at_once(*[lambda number=number: save(number) for number in range(RIVALS)])


def test_one_is_saved_and_the_others_are_told(store: Store) -> None:
    came = save_at_once(store)
    assert sorted(came) == [200] * (RIVALS - 1) + [302]
    line = AuditEvent.objects.get(action="user.change")
    assert line.detail["after"]["name"] == User.objects.get(pk=store.customer.pk).name


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time, with or without a lock")
def test_without_the_lock_they_overwrite_each_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: all of them have judged before the first one writes."""
    judged, write = threading.Barrier(RIVALS), UserAdmin.save_model

    def save_model(*given: Any) -> None:
        judged.wait(timeout=20)
        write(*given)

    monkeypatch.setattr(RecordAdmin, "lock_row", lambda *_: None)
    monkeypatch.setattr(UserAdmin, "save_model", save_model)
    assert save_at_once(store) == [302] * RIVALS
