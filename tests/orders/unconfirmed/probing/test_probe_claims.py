"""A look at a doubt is claimed before it begins, and its time is bounded."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from orders.models import Probe
from orders.unconfirmed import probe, unmatched_search
from orders.unconfirmed.probe import PROBE_EVERY, ProbeRunResult, probe_provider, probe_unconfirmed
from panel.celery_settings import SOFT_LIMIT_SECONDS
from providers.adapters import v2
from tests.fixtures_orders import Store
from tests.orders.unconfirmed.probing.unconfirmed_orders import bound, doubt, later, probe_now


@pytest.mark.django_db(transaction=True)
def test_nobody_looks_beside_one_who_looks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    doubt(store)
    bound(store)
    looking, go_on = threading.Event(), threading.Event()
    real = probe._decide

    def slow(*args: object) -> object:
        looking.set()
        assert go_on.wait(10)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(probe, "_decide", slow)
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        now = timezone.now()
        came: list[ProbeRunResult] = []

        def first() -> None:
            came.append(probe_unconfirmed(now=now))
            connection.close()

        thread = threading.Thread(target=first)
        thread.start()
        assert looking.wait(10)
        calls = len(store.simulator.requests("status"))
        assert probe_unconfirmed(now=now) == ProbeRunResult()
        assert Probe.objects.get().next_at == now + PROBE_EVERY
        assert len(store.simulator.requests("status")) == calls
        go_on.set()
        thread.join()
    assert came == [ProbeRunResult(probed=1, for_review=1)]


def test_a_look_that_takes_too_long_ends_and_is_taken_up_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    order = doubt(store)
    bound(store)
    with later(minutes=3):
        before = len(store.simulator.requests("status"))
        with monkeypatch.context() as patched:
            patched.setattr(probe, "CALLS_BEGIN_FOR", 0)
            done, looks = probe_provider(provider=store.provider, now=timezone.now())
            assert (done, looks.calls) == (ProbeRunResult(), 0)  # opened by the job that hands out
            assert probe_now() == ProbeRunResult(probed=1)
        assert len(store.simulator.requests("status")) == before
        assert Probe.objects.get().reason == "The provider could not be asked: The provider answers too slowly."
        assert store.fresh(order).state == "UNCONFIRMED"
    with later(minutes=6):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)


def test_a_run_ends_before_it_is_stopped_and_before_its_claim_does() -> None:
    for seconds in (probe.CALLS_BEGIN_FOR, unmatched_search.CALLS_BEGIN_FOR):
        assert seconds + v2.READ_SECONDS < SOFT_LIMIT_SECONDS
    assert PROBE_EVERY.total_seconds() > probe.CALLS_BEGIN_FOR + v2.READ_SECONDS


def test_a_look_that_was_set_while_the_clock_was_ahead_is_due(store: Store) -> None:
    doubt(store)
    with later(minutes=3):
        probe.providers_due(now=timezone.now())
        Probe.objects.update(next_at=timezone.now() + timedelta(days=30))
        assert probe_now().probed == 1
