"""The jobs that ask providers hand out a task for each, so that one that hangs is not in the way of the others."""

from typing import Any

import pytest

from orders import tasks
from providers.models import Provider
from tests.fixtures_orders import Store


def test_each_provider_is_asked_by_a_task_of_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Provider.objects.create(name="Other", url="https://other.example/api/v2", currency="USD")
    handed_out: list[int] = []

    def note(given: tuple[int], **_: Any) -> None:
        handed_out.append(given[0])

    monkeypatch.setattr(tasks.read_provider_balance, "apply_async", note)
    before = len(store.simulator.requests("balance"))
    tasks.read_balances()
    assert handed_out == [store.provider.pk, other.pk]
    assert len(store.simulator.requests("balance")) == before
