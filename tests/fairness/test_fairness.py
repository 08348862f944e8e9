"""Eight hostile providers and eight hostile customers beside a good one of each: the good one gets its due.

The embedded jobs run as they are, with real HTTP, in a time sixty times as quick: a second here is a minute there. What
is counted is runs and requests, once alone and once beside the hostile ones; FAIRNESS sets for how many minutes.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from orders import tasks
from orders.accounting import reconcile
from orders.models import Order
from orders.placing.place import place_order
from orders.rules import polling_interval
from orders.submission import record, sweep
from orders.tracking import poll, settle
from panel.celery import app, timetable
from panel.customers.models import User
from panel.embedded import EmbeddedJobs
from panel.wallet import ledger
from providers.adapters import v2
from providers.availability import backoff, circuit_breaker
from providers.catalog.models import Service
from providers.catalog.publishing.refresh import refresh_provider
from providers.models import Provider
from tests.fixtures_orders import LINK, Store
from tests.fixtures_shop import connect
from tests.fixtures_simulator import DEFAULT_SERVICE, Simulator
from tests.scripted import Act, answer, drip, hang, scripted

MINUTES = float(os.environ.get("FAIRNESS", "0"))
SCALE = 60
HOSTILE: list[Act] = [
    hang,
    hang,
    hang,
    drip(b'{"balance": "1'),
    drip(b"HTTP/1.1 200 OK\r\n"),
    hang,
    answer(b"", status=500),
    hang,
]


@pytest.fixture
def _quick_time(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("SYNC", "POLL", "REFILL", "CANCEL", "BALANCE", "PROBE", "UNMATCHED"):
        setattr(settings, f"{name}_SECONDS", getattr(settings, f"{name}_SECONDS") / SCALE)
    settings.SWEEP_SECONDS, settings.ADD_DEADLINE_SECONDS = 15 / SCALE, 30 / SCALE
    minute = timedelta(seconds=60 / SCALE)
    for module, name, value in [
        (v2, "READ_SECONDS", 30 / SCALE),
        (tasks, "SHORTEST_WAIT", 60 / SCALE),
        (backoff, "MIN_BACKOFF", minute),
        (backoff, "MAX_BACKOFF", 15 * minute),
        (circuit_breaker, "MIN_OPEN_TIME", minute),
        (circuit_breaker, "MAX_OPEN_TIME", 15 * minute),
        (record, "FIRST_WAIT", minute),
        (polling_interval, "INTERVALS_BY_AGE", ((timedelta(hours=1), minute),)),
        *((module, "FIRST_POLL", minute) for module in (polling_interval, poll, settle)),
    ]:
        monkeypatch.setattr(module, name, value)
    before = app.conf.beat_schedule
    app.conf.beat_schedule = timetable()
    yield
    app.conf.beat_schedule = before


@pytest.fixture
def counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The sweeps held, and the balances read at the good provider."""
    found: Counter[str] = Counter()
    real_sweep, real_read = sweep.sweep_orders, reconcile.read_provider

    def swept(**given: Any) -> Any:
        found["sweeps"] += 1
        return real_sweep(**given)

    def read(*, provider: Provider) -> Any:
        done = real_read(provider=provider)
        found["readings"] += done[0].read * (provider.pk == store.provider.pk)
        return done

    monkeypatch.setattr(sweep, "sweep_orders", swept)
    monkeypatch.setattr(reconcile, "read_provider", read)
    return found


@contextmanager
def jobs() -> Iterator[None]:
    embedded = EmbeddedJobs(on_death=lambda: None)
    embedded.start()
    try:
        yield
    finally:
        embedded.stop()
        app.control.purge()


def make_hostile(stack: ExitStack, simulator: Simulator, number: int) -> None:
    """A provider that goes bad once it is stocked, and a customer with orders there: followed ones, and new ones."""
    server = stack.enter_context(scripted(HOSTILE[number]))
    provider = connect(simulator, name=f"Hostile {number}")
    refresh_provider(provider_id=provider.pk, now=timezone.now())
    customer = User.objects.create_user(f"hostile{number}@example.com")
    ledger.credit_wallet(user=customer, amount=Decimal(100), key=f"credit:{number}")
    service = Service.objects.get(upstream__provider=provider, upstream__external_id=DEFAULT_SERVICE)
    for part in range(8):
        words = {"link": f"{LINK}/{number}/{part}", "quantity": str(100 + part)}
        order = place_order(customer=customer, service_id=service.pk, params=words, now=timezone.now()).order
        if part < 3:
            due = {"next_attempt_at": None, "sent_at": timezone.now(), "next_poll_at": timezone.now()}
            Order.objects.filter(pk=order.pk).update(state="ACTIVE", provider_order_id=f"{number}{part}", **due)
    Provider.objects.filter(pk=provider.pk).update(url=server.url)


def figures_of(store: Store, counted: Counter[str], place: Callable[[int], Order], first: int) -> Counter[str]:
    """What the good ones get in MINUTES, while the customer places an order every ten seconds."""
    simulator = store.simulator
    before = {action: len(simulator.requests(action)) for action in ("status", "services", "add")}
    counted.clear()
    until, number = time.monotonic() + MINUTES * 60 / SCALE, first
    while time.monotonic() < until:
        place(number)
        number += 1
        time.sleep(10 / SCALE)
    found = {action: len(simulator.requests(action)) - before[action] for action in before}
    return counted + Counter(found)


@pytest.mark.skipif(not MINUTES, reason="It counts in real time: make fairness")
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_quick_time")
def test_the_good_ones_get_at_least_half_of_what_they_get_alone(
    store: Store, counted: Counter[str], make_simulator: Callable[..., Simulator]
) -> None:
    service = store.service()
    ledger.credit_wallet(user=store.customer, amount=Decimal(100_000), key="credit:trial")

    def place(number: int) -> Order:
        words = {"link": f"{LINK}/{number}", "quantity": str(100 + number)}
        return place_order(customer=store.customer, service_id=service.pk, params=words, now=timezone.now()).order

    store.active()
    with jobs():
        alone = figures_of(store, counted, place, first=1)
    with ExitStack() as stack:
        for number in range(len(HOSTILE)):
            make_hostile(stack, make_simulator(services=4), number)
        with jobs():
            beside = figures_of(store, counted, place, first=3000)
    connection.close()
    print(f"\nalone {dict(alone)}\nbeside {dict(beside)}")  # noqa: T201 (the figures are what a long run is for)
    assert min(alone[name] for name in ("sweeps", "readings", "status", "add")) > 0
    assert {name: count for name, count in alone.items() if beside[name] * 2 < count} == {}
