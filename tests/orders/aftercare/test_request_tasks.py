"""The jobs of refills and cancels as they are scheduled: a task a provider, one run at a time, a summary kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders import tasks
from orders.aftercare.cancels import ask_for_cancels
from orders.aftercare.refills import ask_for_refills
from orders.models import Cancellation, Refill
from orders.rules.states import State
from panel.ops.models import JobRun
from tests.fixtures_orders import Store
from tests.orders.filled import fill_orders

ADA = "ada@example.com"


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was given to the broker; each is carried out at once."""
    sent: list[tuple[Any, ...]] = []
    for task in (tasks.poll_provider_refills, tasks.poll_provider_cancels):

        def publish(arguments: tuple[int], *, task: Any = task, **options: Any) -> None:
            sent.append((task.name.rpartition(".")[2], *arguments))
            task(*arguments)

        monkeypatch.setattr(task, "apply_async", publish)
    return sent


def test_refills(store: Store, published: list[tuple[Any, ...]]) -> None:
    (order,) = fill_orders(store, 1, state=State.COMPLETED)
    tasks.poll_refills()
    assert published == []
    ask_for_refills(order_ids=[order.pk], actor=ADA, now=timezone.now())
    tasks.poll_refills()
    assert published == [("poll_provider_refills", store.provider.pk)]
    assert Refill.objects.get().state == "pending"
    assert JobRun.objects.get(name="poll_refills").summary == {"providers": 1, "given_up": 0}
    run = JobRun.objects.get(name=f"poll_provider_refills:{store.provider.pk}")
    assert run.summary == {"requested": 1, "read": 0, "changed": 0, "failed_requests": 0}


def test_cancels(store: Store, published: list[tuple[Any, ...]]) -> None:
    order, ended = fill_orders(store, 2)
    Cancellation.objects.create(order=ended, state="asked", next_at=None)
    type(ended).objects.filter(pk=ended.pk).update(state="COMPLETED")
    ask_for_cancels(order_ids=[order.pk], actor=ADA, now=timezone.now())
    tasks.poll_cancels()
    assert published == [("poll_provider_cancels", store.provider.pk)]
    assert list(Cancellation.objects.order_by("pk").values_list("state", flat=True)) == ["too late", "asked"]
    assert JobRun.objects.get(name="poll_cancels").summary == {"providers": 1, "closed": 1}


def test_one_run_at_a_time(store: Store, published: list[tuple[Any, ...]]) -> None:
    (order,) = fill_orders(store, 1)
    ask_for_cancels(order_ids=[order.pk], actor=ADA, now=timezone.now())
    name = f"poll_provider_cancels:{store.provider.pk}"
    JobRun.objects.create(name=name, holder="another", lease_until=timezone.now() + timedelta(minutes=2))
    tasks.poll_cancels()
    assert store.simulator.requests("cancel") == []
    assert Cancellation.objects.get().state == "wanted"
