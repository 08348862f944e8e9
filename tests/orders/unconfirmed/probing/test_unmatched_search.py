"""What is under our key at a provider and in no order here: found once, told to people, and evidence trusted less."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.core import safe_mode
from orders.models import Order, UnmatchedOrder
from orders.unconfirmed import unmatched_search
from orders.unconfirmed.decisions import CannotResolveError, confirm_placed, refund_unconfirmed, requeue_order
from orders.unconfirmed.restore_search import adopt_orphan
from orders.unconfirmed.scan import TRIES
from orders.unconfirmed.unmatched_search import (
    MAX_KEPT,
    TRUSTED_AGAIN_AFTER,
    UnmatchedSearchResult,
    latest_unmatched_id,
    search_unmatched_orders,
)
from panel.customers.models import User
from panel.ops.models import Alert, AuditEvent
from providers.models import Provider
from tests.fixtures_orders import LINK, Store
from tests.orders.unconfirmed.probing.unconfirmed_orders import later, probe_now, trust, verdict

pytestmark = pytest.mark.django_db
SETTLED = {"minutes": 11}


def look(**span: float) -> UnmatchedSearchResult:
    with later(**(span or SETTLED)):
        return search_unmatched_orders(now=timezone.now())


def ours(store: Store, *words: str) -> None:
    for word in words:
        store.active(link=f"{LINK}/{word}", quantity=str(1000 + len(word)))


def by_hand(store: Store, quantity: int = 500) -> str:
    """An order under our key that nobody made here; its id."""
    (number,) = store.simulator.fill(count=1, quantity=quantity)
    return str(number)


def open_alerts() -> list[str]:
    return list(Alert.objects.filter(closed_at=None).values_list("subject", flat=True))


def test_an_order_by_hand_is_found_once(store: Store) -> None:
    ours(store, "a", "bb")
    unmatched = by_hand(store)
    ours(store, "ccc", "dddd")
    before = store.everything()
    assert (
        look(minutes=1) == UnmatchedSearchResult()
    )  # it could still be an order of ours that has not been answered for
    found = look()
    assert (found.found, found.unanswered) == (1, 0)
    assert found.asked > 1
    orphan = UnmatchedOrder.objects.get()
    assert (orphan.external_id, orphan.charge, orphan.currency) == (unmatched, Decimal("0.45"), "USD")
    assert open_alerts() == [f"orphans:{store.provider.pk}"]
    assert look() == UnmatchedSearchResult()  # up to there everything is known
    assert store.everything() == before


def test_the_next_run_begins_where_the_last_one_ended(store: Store) -> None:
    ours(store, "a", "bb", "ccc")
    assert look().found == 0
    seen = Provider.objects.get().ids_seen_to
    assert seen == max(int(number or 0) for number in Order.objects.values_list("provider_order_id", flat=True))
    by_hand(store)
    ours(store, "dddd")
    assert look().found == 1


def test_what_was_never_told_is_found_where_nobody_doubts(store: Store) -> None:
    """A provider that refuses an order and has it nevertheless."""
    ours(store, "a", "bb")
    store.simulator.next("add", "refused")
    refused = store.active(link=f"{LINK}/refused")
    assert refused.state == "REJECTED"
    unmatched = by_hand(store, quantity=1000)
    ours(store, "ccc")
    assert look().found == 1
    assert UnmatchedOrder.objects.get().external_id == unmatched


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        ({}, "ok"),
        ({"status": "Canceled"}, "ok"),
        ({"status": "Partial", "remains": 10}, "ok"),
        ({"status": "Completed"}, "weak_charge"),
        ({"status": "Completed"}, "null_charge"),
    ],
)
def test_a_doubt_explains_an_id_of_its_cost_and_one_whose_cost_is_not_told(
    store: Store, end: dict[str, object], fault: str
) -> None:
    ours(store, "a", "bb")
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    (bought,) = store.simulator.created(LINK)
    ours(store, "ccc", "dddd")
    if end:
        store.simulator.set_order(bought["id"], **end)
    store.simulator.next("status", fault)
    assert look().found == 0
    store.let_lease_end(order)
    confirm_placed(order_id=order.pk, provider_order_id=bought["id"], actor="staff", reason="as they say")
    assert look() == UnmatchedSearchResult()


@pytest.mark.parametrize("decide", [refund_unconfirmed, requeue_order])
def test_what_people_decided_explains_an_id_of_that_cost(store: Store, decide: Callable[..., None]) -> None:
    ours(store, "a", "bb")
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    store.let_lease_end(order)
    decide(order_id=order.pk, actor="staff", reason="waited too long")
    ours(store, "ccc")
    assert look().found == 0
    by_hand(store)
    ours(store, "dddd")
    assert look().found == 1


@pytest.mark.parametrize(
    ("fault", "times"), [("missing_ids", TRIES), ("error_entries", TRIES), ("html", TRIES), ("reset", 1)]
)
def test_an_answer_that_proves_nothing_is_asked_for_again(store: Store, fault: str, times: int) -> None:
    ours(store, "a", "bb")
    by_hand(store)
    ours(store, "ccc")
    store.simulator.next("status", fault, times=times)
    assert look().unanswered == 1
    assert (UnmatchedOrder.objects.count(), Provider.objects.get().ids_seen_to) == (0, None)
    assert look().found == 1


def test_parts_of_drip_feeds_are_not_unmatched(store: Store) -> None:
    ours(store, "a", "bb")
    store.active(link=f"{LINK}/drip", quantity="100", runs="3", interval="60")
    by_hand(store)
    ours(store, "ccc")
    assert look() == UnmatchedSearchResult()
    assert Provider.objects.get().ids_seen_to is not None


def test_of_a_provider_that_answers_for_everybody_some_are_kept(store: Store) -> None:
    ours(store, "a", "bb")
    store.simulator.fill(count=MAX_KEPT + 4)
    ours(store, "ccc")
    assert look().found == MAX_KEPT
    assert UnmatchedOrder.objects.count() == MAX_KEPT


def test_nobody_is_asked_where_doubts_are_not_looked_into_and_in_safe_mode(store: Store) -> None:
    ours(store, "a", "bb")
    by_hand(store)
    ours(store, "ccc")
    Provider.objects.update(probing="off")
    assert look() == UnmatchedSearchResult()
    Provider.objects.update(probing="shadow")
    safe_mode.switch_on(reason="a look at the books", actor="staff")
    assert look() == UnmatchedSearchResult()
    assert store.simulator.requests("status") == []


def test_one_provider_that_cannot_be_looked_at_holds_up_no_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ours(store, "a", "bb")
    by_hand(store)
    ours(store, "ccc")
    Provider.objects.create(pk=store.provider.pk - 1, name="Broken", url="https://x.example", currency="USD")
    look_at = unmatched_search._next_range

    def broken(provider: Provider, *rest: object) -> object:
        if provider.name == "Broken":
            raise KeyError("an error nobody thought of")
        return look_at(provider, *rest)

    monkeypatch.setattr(unmatched_search, "_next_range", broken)
    assert look().found == 1


def test_after_an_unmatched_order_evidence_decides_nothing_by_itself_for_a_month(store: Store) -> None:
    trust(store)
    ours(store, "a", "bb")
    by_hand(store)
    ours(store, "ccc")
    assert look().found == 1
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    unmatched = UnmatchedOrder.objects.get()
    with later(minutes=3):
        assert probe_now().for_review == 1
    assert store.fresh(order).state == "REVIEW"
    assert verdict(order) == ("placed", store.simulator.created(LINK)[0]["id"])
    assert (
        f"the provider also has the unknown order {unmatched.external_id}" in order.events.get(what="evidence").reason
    )
    assert latest_unmatched_id(provider=store.provider, now=timezone.now()) == unmatched.external_id
    a_month_on = timezone.now() + TRUSTED_AGAIN_AFTER + timedelta(hours=1)
    assert latest_unmatched_id(provider=store.provider, now=a_month_on) == ""


def test_an_orphan_that_turns_out_to_be_an_order_is_that_order(store: Store) -> None:
    ours(store, "a", "bb")
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    (bought,) = store.simulator.created(LINK)
    orphan = UnmatchedOrder.objects.create(provider=store.provider, external_id=bought["id"], charge=7, currency="USD")
    store.let_lease_end(order)
    confirm_placed(order_id=order.pk, provider_order_id=bought["id"], actor="staff", reason="as they say")
    orphan.refresh_from_db()
    assert (orphan.verdict, orphan.order, orphan.decided_by) == ("adopted", order, "staff")
    assert (
        AuditEvent.objects.filter(action="unmatched order adopted", target=f"unmatched order:{orphan.pk}").count() == 1
    )
    assert latest_unmatched_id(provider=store.provider, now=timezone.now()) == ""
    with pytest.raises(CannotResolveError, match="already decided"):
        adopt_orphan(orphan_id=orphan.pk, order_id=order.pk, actor="staff", reason="again")
    assert audit_all() == []


def test_staff_say_that_one_is_not_ours(store: Store) -> None:
    orphan = UnmatchedOrder.objects.create(provider=store.provider, external_id="77", charge=7, currency="USD")
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    before = store.money()
    page = client.get(reverse("staff_safe_mode")).content.decode()
    assert "Not ours, record nothing" in page
    door = reverse("staff_decide_orphan", args=[orphan.pk, "not-ours"])
    assert client.post(door, {"reason": ""}).status_code == 302
    orphan.refresh_from_db()
    assert orphan.verdict == ""
    client.post(door, {"reason": "they answer for everybody"})
    orphan.refresh_from_db()
    assert (orphan.verdict, orphan.decided_by) == ("not ours", "owner@example.com")
    assert store.money() == before
    assert latest_unmatched_id(provider=store.provider, now=timezone.now()) == "77"


def test_where_nothing_was_found_the_attempts_are_not_searched(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[Provider] = []
    real = unmatched_search._unconfirmed_costs

    def search(provider: Provider, stretch: unmatched_search.IdRange) -> set[Decimal]:
        searched.append(provider)
        return real(provider, stretch)

    monkeypatch.setattr(unmatched_search, "_unconfirmed_costs", search)
    ours(store, "a", "bb", "ccc", "dddd")
    assert look() == UnmatchedSearchResult()
    assert Provider.objects.get().ids_seen_to is not None
    assert searched == []
    with later(minutes=20):
        by_hand(store)
        ours(store, "eeeee", "ffffff")
    assert look(minutes=40).found == 1
    assert searched == [store.provider]
