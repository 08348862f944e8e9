"""What does not tell of a doubtful order whether it was placed: it is a person's then, or waited for."""

import pytest
from django.utils import timezone

from orders.models import Attempt, Order, Probe
from orders.unconfirmed.decisions import refund_unconfirmed
from orders.unconfirmed.probe import ProbeRunResult
from orders.unconfirmed.scan import TRIES
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


@pytest.mark.parametrize("is_given_back", [False, True])
def test_an_id_that_may_be_an_earlier_doubts_of_the_same_cost_is_nobodys(store: Store, is_given_back: bool) -> None:
    first = doubt(store)
    store.simulator.set_order(store.simulator.created(LINK)[0]["id"], status="Partial", remains=10)
    with later(minutes=3):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
        assert verdict(first) == ("undecided", "")
        if is_given_back:
            refund_unconfirmed(order_id=first.pk, actor="staff", reason="waited too long")
        trust(store)
        store.simulator.next("add", NEVER)
        second = store.active(link=f"{LINK}/second")
        assert second.state == "UNCONFIRMED"
    with later(minutes=6):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
    assert (store.fresh(second).state, verdict(second)) == ("REVIEW", ("undecided", ""))
    assert f"Order #{first.pk} is unconfirmed too and costs the same" in Probe.objects.get(attempt__order=second).reason


def test_somebody_elses_hand_on_our_key_leaves_it_to_a_person(store: Store) -> None:
    trust(store)
    order = doubt(store)
    stranger = store.active(link=f"{LINK}/by-hand", quantity="5000")
    Attempt.objects.filter(order=stranger).update(outcome="absent")
    Order.objects.filter(pk=stranger.pk).update(provider_order_id=None, state="REJECTED")
    with later(minutes=3):
        bound(store)
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
    assert verdict(order) == ("undecided", "")
    assert store.fresh(order).state == "REVIEW"


@pytest.mark.parametrize("fault", ["missing_ids", "error_entries", "html", "whole_error", "reset"])
def test_answers_that_prove_nothing_prove_nothing(store: Store, fault: str) -> None:
    trust(store)
    order = doubt(store, NEVER)
    with later(minutes=11):
        bound(store)
    for minutes in (12, 15, 18, 21):
        with later(minutes=minutes):
            store.simulator.next("status", fault, times=TRIES)
            assert probe_now() == ProbeRunResult(probed=1)
    assert Probe.objects.get().clean_scans == 0
    with later(minutes=41):
        store.simulator.next("status", fault, times=TRIES)
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
    assert verdict(order) == ("undecided", "")


@pytest.mark.parametrize("word", ["Partial", "Canceled"])
def test_an_end_that_came_early_is_weak_evidence(store: Store, word: str) -> None:
    trust(store)
    order = doubt(store)
    store.simulator.set_order(store.simulator.created(LINK)[0]["id"], status=word, remains=10)
    with later(minutes=3):
        bound(store)
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
    assert verdict(order) == ("undecided", "")


@pytest.mark.parametrize("fault", ["weak_charge", "null_charge"])
def test_a_charge_that_is_not_told_yet_is_waited_for(store: Store, fault: str) -> None:
    trust(store)
    order = doubt(store)
    with later(minutes=3):
        bound(store)
        store.simulator.next("status", fault)
        assert probe_now() == ProbeRunResult(probed=1)
        assert "does not report its cost yet" in Probe.objects.get().reason
    with later(minutes=6):
        assert probe_now() == ProbeRunResult(probed=1, adopted=1)
    assert verdict(order)[0] == "placed"


def test_drip_feeds_there_leave_it_to_a_person(store: Store) -> None:
    trust(store)
    store.active(link=f"{LINK}/drip", quantity="100", runs="3", interval="60")
    order = doubt(store)
    with later(minutes=3):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
    assert "Drip-feeds" in Probe.objects.get(attempt__order=order).reason


def test_ids_that_are_no_numbers(store: Store) -> None:
    order = doubt(store)
    Order.objects.exclude(pk=order.pk).update(provider_order_id="01HXYZ")
    with later(minutes=3):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
    assert "not all numbers" in Probe.objects.get().reason


def test_a_first_order_has_nothing_to_look_from(store: Store) -> None:
    store.simulator.next("add", LOST)
    order = store.active()
    with later(minutes=3):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
    assert verdict(order) == ("undecided", "")


def test_drip_feeds_that_ended_since_leave_it_to_a_person(store: Store) -> None:
    trust(store)
    drip = store.active(link=f"{LINK}/drip", quantity="100", runs="3", interval="60")
    order = doubt(store)
    Order.objects.filter(pk=drip.pk).update(state="COMPLETED", finished_at=timezone.now())
    with later(minutes=3):
        bound(store)
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
    assert verdict(order) == ("undecided", "")
