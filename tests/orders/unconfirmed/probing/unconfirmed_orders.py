"""Orders in doubt for tests: as short words what comes before and after one, and what is found out about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import time_machine
from django.utils import timezone

from orders.models import Order, Probe
from orders.unconfirmed.probe import ProbeRunResult, probe_unconfirmed
from providers.models import PROBES_TO_TRUST, Provider
from tests.fixtures_orders import LINK, Store

LOST, NEVER = "reset_after_create", "error500_before"


@contextmanager
def later(**span: float) -> Iterator[None]:
    with time_machine.travel(timezone.now() + timedelta(**span)):
        yield


def doubt(store: Store, fault: str = LOST) -> Order:
    """An order without a clear answer, and one of ours before it."""
    store.active(link=f"{LINK}/before", quantity="2000")
    store.simulator.next("add", fault)
    order = store.active()
    assert order.state == "UNCONFIRMED"
    return order


def bound(store: Store, quantity: str = "3000") -> None:
    """One of ours after it."""
    store.active(link=f"{LINK}/after{quantity}", quantity=quantity)


def trust(store: Store) -> None:
    Provider.objects.update(probing="adopt", probes_right=PROBES_TO_TRUST)


def probe_now() -> ProbeRunResult:
    return probe_unconfirmed(now=timezone.now())


def verdict(order: Order) -> tuple[str, str]:
    probe = Probe.objects.get(attempt__order=order)
    return probe.verdict, probe.candidate
