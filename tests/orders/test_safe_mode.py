"""Safe mode: what it keeps from happening, when it begins and ends by itself, and what is found at the provider."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from orders import safe_mode
from orders.cancel import CannotCancelError, request_cancel
from orders.models import Attempt, Order, Orphan
from orders.orphans import CannotLookError, Looked, adopt_orphan, candidates, find_orphans, write_off_orphan
from orders.place import place_order
from orders.poll import Polled
from orders.probe import Probed, probe_doubts
from orders.resolve import CannotResolveError
from orders.scan import TRIES
from orders.submit import submit_order
from orders.sweep import Swept, sweep_orders
from orders.wanted import BadOrderError
from panel.customers.models import User
from panel.ops.models import Alert, AuditEvent
from panel.wallet import ledger
from providers.models import Provider
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def simulator(make_simulator: Callable[..., Simulator]) -> Simulator:
    return make_simulator(foreign_orders=3)


@pytest.fixture
def owner(store: Store) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


def go_back(attempts: int = 1) -> None:
    """As a restore from a backup leaves it: so many attempts were made that the database does not know."""
    newest = Attempt.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    mark_file().write_text(json.dumps({"attempt": newest + attempts, "held": ""}))
    safe_mode.forget_the_last_look()


def mark_file() -> Path:
    return Path(settings.DATA_DIR) / safe_mode.FILE


def forgotten(store: Store, **words: str) -> str:
    """An order at the provider that the restored database does not know; its id there."""
    order = store.active(**words)
    found = str(order.provider_order_id)
    Order.objects.filter(pk=order.pk).update(
        state="QUEUED", provider_order_id=None, cost=0, next_attempt_at=timezone.now(), next_poll_at=None
    )
    order.attempts.all().delete()
    go_back()
    return found


def test_every_attempt_raises_the_mark(store: Store) -> None:
    for _ in range(2):
        order = store.active()
        assert json.loads(mark_file().read_text())["attempt"] == order.attempts.get().pk
        Provider.objects.update(probing="off")
    assert mark_file().stat().st_mode & 0o077 == 0
    assert safe_mode.is_on() is False


def test_nothing_moves_in_safe_mode(store: Store) -> None:
    running, queued = store.active(), store.place(quantity="2000")
    store.simulator.set_order(running.provider_order_id, status="Partial", remains=400)
    go_back()
    before = store.everything()
    with pytest.raises(BadOrderError, match="The shop is being checked"):
        place_order(
            customer=store.customer,
            service_id=store.service().pk,
            words={"link": LINK, "quantity": "50"},
            now=timezone.now(),
        )
    with pytest.raises(CannotCancelError, match="The shop is being checked"):
        request_cancel(order_id=queued.pk, actor="ada")
    assert submit_order(order_id=queued.pk, even_early=True) is False
    assert store.poll() == Polled()
    assert probe_doubts(now=timezone.now()) == Probed()
    assert sweep_orders(now=timezone.now(), everything=True) == Swept()
    assert store.everything() == before
    assert Alert.objects.get(subject="safe-mode").level == "critical"


def test_a_new_database_is_no_restored_one(store: Store) -> None:
    go_back(5)
    assert safe_mode.is_on() is False
    assert json.loads(mark_file().read_text()) == {"attempt": 0, "held": ""}
    assert store.active().state == "ACTIVE"


def test_a_person_holds_the_panel_and_lets_it_go(store: Store) -> None:
    store.active()
    safe_mode.hold(reason="moving house", actor="staff")
    assert (safe_mode.is_on(), safe_mode.why_it_is_on()) == (True, "moving house")
    with pytest.raises(safe_mode.OrphansLeftError):
        safe_mode.end(reason="done", actor="staff", open_orphans=1)
    assert safe_mode.is_on() is True
    safe_mode.end(reason="done", actor="staff", open_orphans=0)
    assert safe_mode.is_on() is False
    assert Alert.objects.get(subject="safe-mode").closed_at is not None
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["safe mode on", "safe mode off"]


def test_what_was_bought_is_found_once_and_goes_on_as_its_order(store: Store) -> None:
    Provider.objects.update(probing="off")
    for _ in range(2):
        store.active(quantity="3000")
    bought = forgotten(store)
    order = Order.objects.get(state="QUEUED")
    found = find_orphans(provider=store.provider, quiet=100)
    assert (found.found, found.is_complete) == (1, True)
    assert find_orphans(provider=store.provider, quiet=100).found == 0
    orphan = Orphan.objects.get()
    assert (orphan.external_id, orphan.charge, orphan.currency) == (bought, Decimal("0.9"), "USD")
    assert candidates(orphan=orphan) == [order]
    with pytest.raises(CannotResolveError, match="Say why"):
        adopt_orphan(orphan_id=orphan.pk, order_id=order.pk, actor="staff", reason=" ")
    assert store.fresh(order).state == "QUEUED"
    adopt_orphan(orphan_id=orphan.pk, order_id=order.pk, actor="staff", reason="same cost")
    order = store.fresh(order)
    assert (order.state, order.provider_order_id, order.cost) == ("ACTIVE", bought, Decimal("0.9"))
    assert order.attempts.get().outcome == "placed"
    with pytest.raises(CannotResolveError):
        adopt_orphan(orphan_id=orphan.pk, order_id=order.pk, actor="staff", reason="again")


def test_what_is_nobodys_is_our_loss(store: Store) -> None:
    store.active(quantity="2000"), store.active(quantity="3000")
    forgotten(store)
    Order.objects.filter(state="QUEUED").update(expected_cost=5)
    find_orphans(provider=store.provider, quiet=100)
    orphan = Orphan.objects.get()
    assert candidates(orphan=orphan) == []
    before = store.house(store.provider.account)
    write_off_orphan(orphan_id=orphan.pk, actor="staff", reason="made after the backup")
    assert store.house("loss") == Decimal("0.9")
    assert store.house(store.provider.account) == before - Decimal("0.9")
    with pytest.raises(CannotResolveError, match="decided already"):
        write_off_orphan(orphan_id=orphan.pk, actor="staff", reason="twice")
    assert store.house("loss") == Decimal("0.9")
    assert ledger.balance(account=ledger.house_account(house="loss", currency="USD")) == Decimal("0.9")


def test_nothing_is_concluded_where_the_provider_forgets_our_own(store: Store) -> None:
    with pytest.raises(CannotLookError, match="Too few orders"):
        find_orphans(provider=store.provider)
    store.active(quantity="2000"), store.active(quantity="3000")
    store.simulator.next("status", "error_entries", times=TRIES)
    with pytest.raises(CannotLookError, match="did not know orders that are ours"):
        find_orphans(provider=store.provider)
    assert Orphan.objects.count() == 0


def test_a_search_that_is_cut_short_says_so(store: Store) -> None:
    store.active(quantity="2000"), store.active(quantity="3000")
    assert find_orphans(provider=store.provider, most_calls=2, quiet=1000) == Looked(asked=196, calls=2)


def test_the_page_shows_and_decides(store: Store, owner: Client) -> None:
    store.active(quantity="2000"), store.active(quantity="3000")
    forgotten(store)
    assert "restored from an older backup" in owner.get("/staff/safe-mode/").content.decode()
    post: Callable[..., str] = lambda url, **words: owner.post(url, words, follow=True).content.decode()  # noqa: E731
    assert "1 found" in post(f"/staff/safe-mode/look/{store.provider.pk}/")
    assert "1 orders that were found" in post("/staff/safe-mode/off/", reason="done")
    assert "Say why" in post("/staff/safe-mode/off/")
    orphan, order = Orphan.objects.get(), Order.objects.get(state="QUEUED")
    decide = f"/staff/safe-mode/found/{orphan.pk}"
    assert "Say which order it is." in post(f"{decide}/adopt/", reason="x")
    assert owner.post(f"{decide}/nonsense/", {"reason": "x"}).status_code == 404
    assert "Decided" in post(f"{decide}/adopt/", reason="same cost", order=str(order.pk))
    assert store.fresh(order).state == "ACTIVE"
    assert "Safe mode is off" in post("/staff/safe-mode/off/", reason="compared")
    assert safe_mode.is_on() is False
    assert "Safe mode is on." in post("/staff/safe-mode/on/", reason="moving")
