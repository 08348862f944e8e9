"""Doubtful orders looked for at the provider: found where they are, ruled out where they are not."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError
from django.utils import timezone

from orders import tasks
from orders.accounting.audit import audit_all
from orders.models import Probe
from orders.unconfirmed import probe
from orders.unconfirmed.decisions import confirm_placed, refund_unconfirmed, requeue_order
from orders.unconfirmed.probe import ProbeRunResult
from orders.unconfirmed.reference_ids import settling_delay
from panel.ops.models import JobRun
from providers.models import PROBES_TO_TRUST, Provider
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
from tests.tasks.inline import run_at_once


def test_what_was_placed_goes_on_by_itself_where_that_is_allowed(store: Store) -> None:
    trust(store)
    order = doubt(store)
    (bought,) = store.simulator.created(LINK)
    assert probe_now() == ProbeRunResult()  # its answer may still come
    with later(minutes=3):
        bound(store)
        assert probe_now() == ProbeRunResult(probed=1, adopted=1)
        assert probe_now() == ProbeRunResult()
    order = store.fresh(order)
    assert (order.state, order.provider_order_id, order.cost) == ("ACTIVE", bought["id"], Decimal("0.9"))
    assert [attempt.outcome for attempt in order.attempts.all()] == ["placed"]
    event = order.events.get(what="confirmed")
    assert f"Order {bought['id']} is the only match among the IDs" in event.reason
    assert len(store.simulator.created(LINK)) == 1
    assert audit_all() == []


def test_by_default_a_person_decides_with_the_evidence(store: Store) -> None:
    order = doubt(store)
    (bought,) = store.simulator.created(LINK)
    before = store.money()
    with later(minutes=3):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)  # found ahead: no later order bounds it
        assert (store.fresh(order).state, verdict(order)) == ("REVIEW", ("placed", bought["id"]))
        assert store.money() == before
        confirm_placed(order_id=order.pk, provider_order_id=bought["id"], actor="staff", reason="as found")
    provider = Provider.objects.get()
    assert (provider.probes_right, provider.probes_wrong) == (1, 0)
    assert audit_all() == []


@pytest.mark.parametrize(("deed", "state"), [("_hand_over", "REVIEW"), ("confirm_by_evidence", "ACTIVE")])
def test_a_verdict_that_was_not_carried_out_is_found_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, deed: str, state: str
) -> None:
    if state == "ACTIVE":
        trust(store)
    order = doubt(store)

    def die(*args: object, **kwargs: object) -> None:
        raise OperationalError("the database went away")

    with later(minutes=3):
        bound(store)
        with monkeypatch.context() as patched:
            patched.setattr(probe, deed, die)
            with pytest.raises(OperationalError):
                probe_now()
        assert store.fresh(order).state == "UNCONFIRMED"
        assert probe_now() == ProbeRunResult()  # the look of the worker that died could still be under way
    with later(minutes=6):
        assert probe_now().probed == 1
        assert store.fresh(order).state == state
        assert probe_now() == ProbeRunResult()
    assert Probe.objects.get().ended_at is not None
    assert audit_all() == []


def test_doubts_side_by_side_are_told_apart_by_their_costs(store: Store) -> None:
    trust(store)
    first = doubt(store)
    store.simulator.next("add", LOST)
    second = store.active(link=f"{LINK}/second", quantity="5000")
    assert second.state == "UNCONFIRMED"
    bought = {row["link"]: row["id"] for row in store.simulator.orders()}
    with later(minutes=3):
        bound(store)
        assert probe_now() == ProbeRunResult(probed=2, adopted=2)
    assert store.fresh(first).provider_order_id == bought[LINK]
    assert store.fresh(second).provider_order_id == bought[f"{LINK}/second"]
    assert audit_all() == []


def test_what_was_never_placed_is_ruled_out_by_three_looks_and_not_sent_by_itself(store: Store) -> None:
    trust(store)
    order = doubt(store, NEVER)
    with later(minutes=3):
        bound(store)
        for _ in range(4):
            assert probe_now().for_review == 0
    assert Probe.objects.get().clean_scans == 0  # it could still appear
    with later(minutes=11):
        bound(store, "4000")
        assert probe_now() == ProbeRunResult(probed=1)
        assert probe_now() == ProbeRunResult()  # two minutes apart
    with later(minutes=14):
        assert probe_now() == ProbeRunResult(probed=1)
    with later(minutes=17):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
        assert (store.fresh(order).state, verdict(order)) == ("REVIEW", ("absent", ""))
        assert store.simulator.created(LINK) == []
        requeue_order(order_id=order.pk, actor="staff", reason="as found")
        assert store.submit(store.fresh(order)).state == "ACTIVE"
    assert Provider.objects.get().probes_right == PROBES_TO_TRUST + 1
    assert len(store.simulator.created(LINK)) == 1
    assert audit_all() == []


def test_a_late_creation_is_found_and_not_ruled_out(store: Store) -> None:
    trust(store)
    order = doubt(store, "late_create")
    with later(minutes=3):
        bound(store)
        assert probe_now() == ProbeRunResult(probed=1)
    store.simulator.advance(120)
    with later(minutes=11):
        bound(store, "4000")
        probe_now()
    order = store.fresh(order)
    made = store.simulator.created(LINK)
    assert len(made) == 1
    assert (order.state, order.provider_order_id) in {
        ("ACTIVE", made[0]["id"]),
        ("REVIEW", None),
        ("UNCONFIRMED", None),
    }
    assert verdict(order)[0] != "absent"


def test_an_earlier_doubt_whose_id_was_found_stands_in_nobodys_way(store: Store) -> None:
    first = doubt(store)
    with later(minutes=3):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
        trust(store)
        store.simulator.next("add", LOST)
        second = store.active(link=f"{LINK}/second")
    with later(minutes=6):
        bound(store)
        assert probe_now() == ProbeRunResult(probed=1, adopted=1)
    bought = {row["link"]: row["id"] for row in store.simulator.orders()}
    assert verdict(first) == ("placed", bought[LINK])
    assert store.fresh(first).state == "REVIEW"
    assert store.fresh(second).provider_order_id == bought[f"{LINK}/second"]
    assert audit_all() == []


def test_where_it_is_switched_off_nothing_is_asked(store: Store) -> None:
    Provider.objects.update(probing="off")
    order = doubt(store)
    asked = len(store.simulator.requests("status"))
    with later(hours=3):
        assert probe_now() == ProbeRunResult()
    assert (store.fresh(order).state, len(store.simulator.requests("status"))) == ("UNCONFIRMED", asked)


def test_trust_is_earned(store: Store) -> None:
    Provider.objects.update(probing="adopt")  # not by the form
    order = doubt(store)
    with later(minutes=3):
        assert probe_now() == ProbeRunResult(probed=1, for_review=1)
        refund_unconfirmed(order_id=order.pk, actor="staff", reason="goodwill")
    provider = Provider.objects.get()
    assert (provider.probes_right, provider.probes_wrong) == (0, 0)


def test_a_contradicted_verdict_is_counted(store: Store) -> None:
    order = doubt(store)
    with later(minutes=3):
        probe_now()
        requeue_order(order_id=order.pk, actor="staff", reason="they say so")
    provider = Provider.objects.get()
    assert (provider.probes_right, provider.probes_wrong, provider.may_adopt) == (0, 1, False)


def test_what_was_decided_meanwhile_is_left_alone(store: Store) -> None:
    order = doubt(store)
    with later(minutes=3):
        Probe.objects.create(attempt=order.attempts.get(), next_at=timezone.now())
        refund_unconfirmed(order_id=order.pk, actor="staff", reason="goodwill")
        before = store.everything()
        assert probe_now() == ProbeRunResult()
        assert store.everything() == before
    assert Probe.objects.get().next_at is None


def test_one_of_a_cost_is_in_flight_and_the_next_follows(store: Store) -> None:
    order = doubt(store)
    behind = store.place(link=f"{LINK}/behind")
    other = store.place(link=f"{LINK}/other", quantity="1500")
    assert [store.submit(one).state for one in (behind, other)] == ["QUEUED", "ACTIVE"]
    with later(minutes=3):
        probe_now()
        assert store.fresh(order).state == "REVIEW"
        assert store.submit(behind).state == "ACTIVE"
    assert len(store.simulator.created(f"{LINK}/behind")) == 1


def test_the_job_looks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_at_once(monkeypatch)
    doubt(store)
    with later(minutes=3):
        tasks.probe_doubts()
    assert JobRun.objects.get(name="probe_doubts").summary == {"probed": 0, "adopted": 0, "for_review": 0}
    part = JobRun.objects.get(name=f"probe_doubts:{store.provider.pk}")
    assert part.summary == {"probed": 1, "adopted": 0, "for_review": 1}


def test_how_late_a_person_decided_says_nothing_of_how_late_an_order_appears(store: Store) -> None:
    trust(store)
    first = doubt(store)
    (bought,) = store.simulator.created(LINK)
    with later(days=1):
        confirm_placed(order_id=first.pk, provider_order_id=bought["id"], actor="staff", reason="as found")
        assert settling_delay(provider=Provider.objects.get()) == timedelta(minutes=10)
        store.active(link=f"{LINK}/before", quantity="1700")
        store.simulator.next("add", NEVER)
        second = store.active(link=f"{LINK}/second", quantity="1500")
    with later(days=1, minutes=12):
        bound(store)
        assert probe_now() == ProbeRunResult(probed=1)
    for minutes in (14, 16):
        with later(days=1, minutes=minutes):
            assert probe_now().probed == 1
    assert verdict(second) == ("absent", "")
