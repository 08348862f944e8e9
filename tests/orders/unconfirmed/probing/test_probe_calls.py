"""How often a provider is asked about doubtful orders: again at once where it fails, never without end."""

from datetime import timedelta

import pytest
from django.conf import settings

from orders.models import Probe
from orders.unconfirmed import probe
from orders.unconfirmed.probe import EARLY_CALLS, MAX_CALLS, ProbeRunResult
from orders.unconfirmed.scan import TRIES
from providers.models import Provider
from tests.fixtures_orders import LINK, Store
from tests.orders.unconfirmed.probing.unconfirmed_orders import (
    LOST,
    NEVER,
    bound,
    doubt,
    later,
    probe_now,
    trust,
    verdict,
)


@pytest.mark.parametrize("fault", ["missing_ids", "error_entries", "html", "whole_error"])
def test_a_broken_answer_is_asked_for_again_at_once(store: Store, fault: str) -> None:
    trust(store)
    order = doubt(store)
    with later(minutes=3):
        bound(store)
        store.simulator.next("status", fault, times=TRIES - 1)
        assert probe_now() == ProbeRunResult(probed=1, adopted=1)
    assert (verdict(order)[0], Probe.objects.get().calls) == ("placed", TRIES)


def test_what_shows_nothing_is_looked_at_again_when_nothing_can_come_any_more(store: Store) -> None:
    order = doubt(store, NEVER)
    with later(minutes=3):
        bound(store)
        probe_now()
    found = Probe.objects.get()
    assert found.next_at == order.attempts.get().started_at + timedelta(seconds=settings.SETTLE_SECONDS)
    assert found.calls == 1


def test_a_doubt_takes_so_many_calls_and_no_more(store: Store) -> None:
    order = doubt(store, NEVER)
    for minutes in range(3, 40, 3):
        with later(minutes=minutes):
            if minutes in (3, 12):
                bound(store, str(2000 + minutes))
            store.simulator.next("status", "missing_ids", times=TRIES)
            probe_now()
    found = Probe.objects.get()
    assert (found.verdict, found.calls) == ("undecided", MAX_CALLS)
    assert f"No proof after {MAX_CALLS} calls." in found.reason
    assert store.fresh(order).state == "REVIEW"


def test_in_quiet_hours_it_is_not_asked_over_and_over(store: Store) -> None:
    doubt(store, NEVER)
    for minutes in range(3, 39, 3):  # no later order of ours
        with later(minutes=minutes):
            assert probe_now().for_review == 0
    assert Probe.objects.get().calls == EARLY_CALLS
    with later(minutes=42):
        assert probe_now().for_review == 1
    assert Probe.objects.get().calls == EARLY_CALLS


def test_a_provider_is_not_asked_without_end_in_one_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "CALLS_PER_RUN", 2)
    trust(store)
    doubt(store)
    for quantity in ("1100", "1200"):
        store.simulator.next("add", LOST)
        Provider.objects.update(breaker_open_until=None, unknown_in_a_row=0)
        store.active(link=f"{LINK}/{quantity}", quantity=quantity)
    with later(minutes=3):
        Provider.objects.update(breaker_open_until=None, unknown_in_a_row=0)
        bound(store)
        assert [probe_now(), probe_now()] == [ProbeRunResult(probed=2, adopted=2), ProbeRunResult(probed=1, adopted=1)]


def test_one_that_cannot_be_asked_is_left_alone_for_the_run(store: Store) -> None:
    doubt(store)
    store.simulator.next("add", LOST)
    store.active(link=f"{LINK}/second", quantity="1100")
    with later(minutes=3):
        store.simulator.next("status", "reset")
        assert probe_now() == ProbeRunResult(probed=1)
