"""Slow webhooks, however many, delay nobody who is quick. A clock of its own stands in for the waiting."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from orders.webhooks import deliver, turn
from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.send import SendResult
from panel.customers.models import User
from panel.lib import delivery_pool
from panel.lib.delivery_pool import Job
from panel.lib.secret import Secret
from tests.orders.webhooks.conftest import queue

pytestmark = pytest.mark.django_db
QUICK, SLOW, NEVER = 0.1, 9.0, 3600.0


@dataclass(eq=False)
class Done:
    at: float
    outcome: Any

    def result(self) -> Any:
        return self.outcome


@dataclass
class World:
    """Threads that take no time but the receivers' own: `took` by address, `heard` when each message was taken."""

    now: float = 0
    took: dict[str, float] = field(default_factory=dict)
    heard: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    tried: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def monotonic(self) -> float:
        return self.now

    def send(self, *, url: str, secret: Secret | None, delivery: Delivery, seconds: float) -> SendResult:
        self.tried[url] += 1
        self.now += min(self.took[url], seconds)
        if self.took[url] > seconds:
            return SendResult(None, "Late.", seconds)
        self.heard[url].append(self.now)
        return SendResult(200, "", self.took[url])

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, job: Job) -> Done:
        """It ends when it will have ended; the clock stays."""
        began = self.now
        outcome = job()
        ends, self.now = self.now, began
        return Done(ends, outcome)

    def wait(self, running: dict[Done, Any], timeout: float, return_when: str) -> tuple[set[Done], set[Done]]:
        self.now = max(self.now, min(self.now + timeout, *(one.at for one in running)))
        return {one for one in running if one.at <= self.now}, set()

    def hook(self, name: str, took: float) -> Webhook:
        url = f"https://example.com/{name}"
        self.took[url] = took
        customer = User.objects.create_user(f"{name}@example.com")
        return Webhook.objects.create(customer=customer, url=url, sealed_secret="")

    def many(self, count: int, took: float) -> list[Webhook]:
        return [self.hook(f"slow{number}", took) for number in range(count)]

    def run(self, lane: Callable[[], Any]) -> float:
        """One run of the job; when it began."""
        began = self.now
        lane()
        return began

    def delays(self, webhook: Webhook, since: float) -> list[float]:
        return [round(at - since, 3) for at in self.heard[webhook.url] if at > since]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World()
    monkeypatch.setattr(delivery_pool, "ThreadPoolExecutor", lambda *_, **__: world)
    monkeypatch.setattr(delivery_pool, "wait", world.wait)
    monkeypatch.setattr(delivery_pool, "time", world)
    monkeypatch.setattr(turn, "time", world)
    monkeypatch.setattr(turn, "send_message", world.send)
    return world


def alone(world: World, messages: int) -> list[float]:
    """The delays of one quick webhook with nobody beside it."""
    only = world.hook("alone", QUICK)
    Webhook.objects.filter(pk=only.pk).update(slow_until=None)
    queue(only, messages)
    began = world.run(deliver.deliver_quick)
    return world.delays(only, began)


@pytest.mark.parametrize("count", [8, 60])
def test_slow_ones_delay_no_quick_one(world: World, count: int) -> None:
    undisturbed = alone(world, 20)
    assert undisturbed == [round(QUICK * number, 3) for number in range(1, 21)]
    slow, quick = world.many(count, SLOW), world.hook("quick", QUICK)
    for webhook in [*slow, quick]:
        queue(webhook)
    while Delivery.objects.filter(next_at__isnull=False).exists():  # until each is known for what it is
        world.run(deliver.deliver_slow)
    for webhook in [*slow, quick]:
        queue(webhook, 20)
    began = world.run(deliver.deliver_quick)
    assert world.delays(quick, began) == undisturbed
    assert sum(len(world.heard[webhook.url]) for webhook in slow) == count  # those of before


@pytest.mark.parametrize("count", [8, 60])
@pytest.mark.parametrize("took", [SLOW, NEVER])
def test_where_all_are_new_the_quick_one_is_served_in_the_first_run(world: World, count: int, took: float) -> None:
    slow, quick = world.many(count, took), world.hook("quick", QUICK)
    for webhook in [*slow, quick]:
        queue(webhook, 20)
    began = world.run(deliver.deliver_slow)
    rounds = count // 16  # of ten seconds at most, side by side
    assert len(world.delays(quick, began)) == 20
    assert world.delays(quick, began)[-1] <= 10 * rounds + 20 * QUICK
    assert {world.tried[webhook.url] for webhook in slow} <= {0, 1}


def test_a_new_one_is_next_among_slow_ones_that_have_much_to_hear(world: World) -> None:
    slow = world.many(60, SLOW)
    for webhook in slow:
        queue(webhook, 20)
    world.run(deliver.deliver_slow)
    world.run(deliver.deliver_slow)
    quick = world.hook("quick", QUICK)
    queue(quick, 20)
    began = world.run(deliver.deliver_slow)
    assert world.delays(quick, began) == alone(world, 20)


def test_quick_ones_that_turn_slow_are_cut_once_and_leave(world: World) -> None:
    turned, quick = world.many(60, QUICK), world.hook("quick", QUICK)
    for webhook in [*turned, quick]:
        queue(webhook)
    world.run(deliver.deliver_slow)
    assert set(Webhook.objects.values_list("slow_until", flat=True)) == {None}
    world.took |= {webhook.url: NEVER for webhook in turned}
    for webhook in [*turned, quick]:
        queue(webhook, 20)
    began = world.run(deliver.deliver_quick)
    assert len(world.delays(quick, began)) == 20
    assert world.delays(quick, began)[0] <= turn.QUICK_SECONDS * (60 // 16) + QUICK
    slow = Delivery.objects.filter(webhook__slow_until__isnull=False)
    assert slow.filter(next_at__isnull=False).count() == 60 * 20
    assert set(slow.filter(next_at__isnull=False).values_list("tries", "reason")) == {(0, "")}  # that was no failure
    queue(quick, 20)
    began = world.run(deliver.deliver_quick)
    assert world.delays(quick, began) == alone(world, 20)


def test_the_least_recently_served_is_next(world: World) -> None:
    hooks = world.many(40, SLOW)
    for webhook in hooks:
        queue(webhook, 20)
    for _ in range(5):
        world.run(deliver.deliver_slow)
    heard = [len(world.heard[webhook.url]) for webhook in hooks]
    assert max(heard) - min(heard) <= 1


@pytest.mark.parametrize(
    ("took", "lane", "messages"),
    [
        (0.001, deliver.deliver_slow, turn.BATCH_SIZE),
        (0.5, deliver.deliver_slow, 20),
        (4.0, deliver.deliver_slow, 2),
        (SLOW, deliver.deliver_slow, 1),
        (0.001, deliver.deliver_quick, turn.BATCH_SIZE),
        (0.5, deliver.deliver_quick, 8),
        (1.9, deliver.deliver_quick, 2),
    ],
)
def test_a_share_of_a_run_is_bounded(world: World, took: float, lane: Callable[[], Any], messages: int) -> None:
    greedy = world.hook("greedy", took)
    if lane is deliver.deliver_quick:
        Webhook.objects.update(slow_until=None)
    queue(greedy, 300)
    world.run(lane)
    assert len(world.heard[greedy.url]) == messages
    assert Webhook.objects.get().claim == ""
