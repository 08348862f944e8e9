"""Safe mode: what it keeps from happening, when it begins and ends by itself, and what is found at the provider."""

import contextlib
import errno
import json
import os
import stat
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from orders.accounting.reconcile import ReadResult, read_balances
from orders.aftercare.cancel_closing import close_cancels
from orders.aftercare.cancels import CannotCancelError, request_cancel
from orders.aftercare.refill_jobs import give_up_refills
from orders.aftercare.refills import CannotRefillError, request_refill
from orders.aftercare.refunds import CannotRefundError, refund_all, set_partial
from orders.aftercare.unanswered_requests import MAX_TRIES
from orders.core import high_water, safe_mode
from orders.models import Attempt, Cancellation, Order, Refill, UnmatchedOrder
from orders.placing.place import place_order
from orders.placing.validation import BadOrderError
from orders.submission.submit import submit_order
from orders.submission.sweep import Swept, sweep_orders
from orders.tracking.poll import CannotAskError, Polled
from orders.tracking.refresh_order import refresh_order
from orders.unconfirmed.decisions import CannotResolveError, confirm_placed, refund_unconfirmed, requeue_order
from orders.unconfirmed.probe import ProbeRunResult, probe_unconfirmed
from orders.unconfirmed.restore_search import (
    CannotSearchError,
    SearchResult,
    adopt_orphan,
    candidates,
    find_orphans,
    write_off_orphan,
)
from orders.unconfirmed.scan import TRIES
from panel.customers.models import User
from panel.ops.models import Alert, AuditEvent
from panel.wallet import ledger
from providers.models import BalanceReading, Provider
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
    safe_mode.clear_cache()


def mark_file() -> Path:
    return Path(settings.DATA_DIR) / high_water.FILE


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
    with pytest.raises(BadOrderError, match="We're doing maintenance"):
        place_order(
            customer=store.customer,
            service_id=store.service().pk,
            params={"link": LINK, "quantity": "50"},
            now=timezone.now(),
        )
    with pytest.raises(CannotCancelError, match="We're doing maintenance"):
        request_cancel(order_id=queued.pk, actor="ada")
    assert submit_order(order_id=queued.pk, even_early=True) is False
    assert store.poll() == Polled()
    assert probe_unconfirmed(now=timezone.now()) == ProbeRunResult()
    assert sweep_orders(now=timezone.now(), everything=True) == Swept()
    assert store.everything() == before
    assert Alert.objects.get(subject="safe-mode").level == "critical"


REFUSED = "no order's money moves and no provider is asked"


def test_staff_move_no_money_and_ask_no_provider_in_safe_mode(store: Store, owner: Client) -> None:
    running, queued = store.active(), store.place(quantity="2000")
    store.simulator.next("add", "reset_before_create")
    doubtful = store.active(quantity="3000")
    store.let_lease_end(doubtful)
    store.simulator.set_order(running.provider_order_id, status="Partial", remains=400)
    Refill.objects.create(order=running, state="unknown", tries=MAX_TRIES, next_at=timezone.now())
    Cancellation.objects.create(order=queued, next_at=timezone.now())
    go_back()
    before, asked = store.everything(), list(store.simulator.requests("status"))
    who: dict[str, Any] = {"actor": "staff", "reason": "they ask"}
    with pytest.raises(CannotRefundError, match=REFUSED):
        set_partial(order_id=running.pk, remains=400, agreed=Decimal("0.54"), **who)
    with pytest.raises(CannotRefundError, match=REFUSED):
        refund_all(order_id=running.pk, agreed=Decimal("1.35"), **who)
    for decide in (refund_unconfirmed, requeue_order):
        with pytest.raises(CannotResolveError, match=REFUSED):
            decide(order_id=doubtful.pk, **who)
    with pytest.raises(CannotResolveError, match=REFUSED):
        confirm_placed(order_id=doubtful.pk, provider_order_id="1", **who)
    with pytest.raises(CannotAskError, match=REFUSED):
        refresh_order(order_id=running.pk, actor="staff")
    with pytest.raises(CannotRefillError, match="We're doing maintenance"):
        request_refill(order=running, actor="staff")
    with pytest.raises(CannotCancelError, match="We're doing maintenance"):
        request_cancel(order_id=queued.pk, actor="staff")
    assert (close_cancels(now=timezone.now()), give_up_refills(now=timezone.now())) == (0, 0)
    readings = BalanceReading.objects.count()
    assert read_balances() == ReadResult()
    page = owner.post(f"/staff/balances/{store.provider.pk}/read/", follow=True).content.decode()
    assert "Safe mode is on" in page
    assert BalanceReading.objects.count() == readings
    assert store.everything() == before
    assert list(store.simulator.requests("status")) == asked
    assert not AuditEvent.objects.filter(target__startswith="order:").exists()
    assert (Refill.objects.get().next_at is None, Cancellation.objects.get().state) == (False, "wanted")


def test_a_doubtful_order_is_found_in_safe_mode(store: Store) -> None:
    Provider.objects.update(probing="off")
    store.active(quantity="2000"), store.active(quantity="3000")
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    store.let_lease_end(order)
    (bought,) = store.simulator.created(LINK)[-1:]
    safe_mode.switch_on(reason="compare", actor="staff")
    orphan = UnmatchedOrder.objects.create(provider=store.provider, external_id=bought["id"], charge=Decimal("0.9"))
    adopt_orphan(orphan_id=orphan.pk, order_id=order.pk, actor="staff", reason="same cost")
    order = store.fresh(order)
    assert (order.state, order.provider_order_id, order.cost) == ("ACTIVE", bought["id"], Decimal("0.9"))


def test_a_hold_and_an_attempt_at_the_same_moment_keep_both(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hold comes between the attempt's look at the mark and the writing of it, and has to wait there."""
    safe_mode.remember_attempt(attempt=5)
    write, has_looked, is_over = high_water.write, threading.Event(), threading.Event()

    def write_late(mark: high_water.Mark) -> None:
        has_looked.set()
        is_over.wait(timeout=0.2 if mark.attempt == 7 and not mark.held else 0)
        write(mark)

    monkeypatch.setattr(high_water, "write", write_late)
    rival = threading.Thread(target=safe_mode.remember_attempt, kwargs={"attempt": 7})
    rival.start()
    has_looked.wait(timeout=5)
    safe_mode.switch_on(reason="moving house", actor="staff")
    rival.join()
    assert high_water.read() == high_water.Mark(7, "moving house")
    assert safe_mode.is_on() is True


def test_no_hold_is_lost_among_attempts_and_no_mark_falls() -> None:
    """As many at once as there may be: what a person said stands, and the mark never falls."""
    over = threading.Event()
    lost, marks = list[str](), [0]

    def attempts() -> None:
        while not over.is_set():
            with contextlib.suppress(safe_mode.SafeModeError):
                safe_mode.remember_attempt(attempt=marks[-1] + 1)
                marks.append(marks[-1] + 1)

    worker = threading.Thread(target=attempts)
    worker.start()
    for number in range(50):
        reached = marks[-1]
        safe_mode.switch_on(reason=f"hold {number}", actor="staff")
        mark = high_water.read()
        if mark.held != f"hold {number}" or mark.attempt < reached:
            lost.append(str(mark))
        with high_water.locked():
            high_water.write(high_water.Mark(high_water.read().attempt))
    over.set()
    worker.join()
    assert lost == []
    assert high_water.read().attempt == marks[-1]


def test_a_hold_after_the_claim_keeps_the_order_from_being_sent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever another process saw last: the hold is read anew when the attempt is remembered."""
    order = store.place()
    monkeypatch.setattr(safe_mode, "is_on_now", lambda: False)
    with high_water.locked():
        high_water.write(high_water.Mark(held="moving house"))
    order = store.submit(order)
    assert (order.state, order.attempts.get().outcome) == ("QUEUED", "not placed")
    assert order.attempts.get().reason == "safe_mode: Nothing was sent: moving house"
    assert store.simulator.orders() == []
    assert Alert.objects.get(subject="safe-mode", closed_at=None).detail == "Nothing was sent: moving house"


def test_a_claim_looks_anew(store: Store) -> None:
    order = store.place()
    assert safe_mode.is_on() is False
    with high_water.locked():
        high_water.write(high_water.Mark(held="moving house"))  # by another process
    assert submit_order(order_id=order.pk) is False
    assert (store.fresh(order).state, order.attempts.count()) == ("QUEUED", 0)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}x", '{"attempt": "7", "held": ""}', '{"attempt": true}', '{"more": 1}', '{"held": null}']
)
def test_a_damaged_mark_is_safe_mode_until_a_person_ends_it(store: Store, owner: Client, content: str) -> None:
    store.active()
    queued = store.place(quantity="2000")
    mark_file().write_text(content)
    safe_mode.clear_cache()
    before = store.everything()
    with pytest.raises(BadOrderError, match="We're doing maintenance"):
        store.place(quantity="3000")
    assert sweep_orders(now=timezone.now(), everything=True) == Swept()
    assert submit_order(order_id=queued.pk, even_early=True) is False
    assert store.everything() == before
    alert = Alert.objects.get(subject="safe-mode")
    assert f"{mark_file()} is damaged or cannot be read" in alert.detail
    page = owner.post("/staff/safe-mode/on/", {"reason": "moving"}, follow=True).content.decode()
    assert "is damaged or cannot be read" in page
    assert mark_file().read_text() == content
    owner.post("/staff/safe-mode/off/", {"reason": "compared"})
    assert json.loads(mark_file().read_text()) == {"attempt": Attempt.objects.get().pk, "held": ""}
    assert store.submit(queued).state == "ACTIVE"


def test_a_data_directory_that_cannot_be_written_is_safe_mode(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    order = store.place()

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "open", full)
        assert submit_order(order_id=order.pk) is False
        assert sweep_orders(now=timezone.now()) == Swept()
        with pytest.raises(high_water.MarkError, match="No space left"):
            safe_mode.switch_on(reason="moving", actor="staff")
    assert "The data directory cannot be written" in Alert.objects.get(subject="safe-mode", closed_at=None).detail
    assert (store.fresh(order).state, order.attempts.count(), store.simulator.orders()) == ("QUEUED", 0, [])
    assert sweep_orders(now=timezone.now()).submitted == 1
    assert not Alert.objects.filter(subject="safe-mode", closed_at=None).exists()


def test_an_attempt_that_cannot_be_remembered_is_no_doubt(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    order = store.place()
    leftovers = len(list(mark_file().parent.iterdir()))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)  # the last look still found room
        order = store.submit(order)
    assert (order.state, order.attempts.get().outcome) == ("QUEUED", "not placed")
    assert order.attempts.get().reason.startswith("safe_mode: Nothing was sent: The data directory cannot be written")
    assert (store.simulator.orders(), store.money()["held"]) == ([], Decimal("1.35"))
    assert "No space left on device" in Alert.objects.get(subject="safe-mode", closed_at=None).detail
    provider = Provider.objects.get()
    assert (provider.unknown_in_a_row, provider.unreached_in_a_row, provider.paused_reason) == (0, 0, "")
    assert len(list(mark_file().parent.iterdir())) <= leftovers + 1  # the lock
    assert store.submit(order).state == "ACTIVE"


def test_the_mark_is_on_the_disk_before_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    done, fsync, replace = list[str](), os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        done.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noted_replace(draft: Path, target: Path) -> Path:
        done.append("renamed")
        return replace(draft, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    safe_mode.remember_attempt(attempt=3)
    assert done == ["file", "renamed", "directory"]


def test_a_new_database_is_no_restored_one(store: Store) -> None:
    go_back(5)
    assert safe_mode.is_on() is False
    assert json.loads(mark_file().read_text()) == {"attempt": 0, "held": ""}
    assert store.active().state == "ACTIVE"


def test_a_person_holds_the_panel_and_lets_it_go(store: Store) -> None:
    store.active()
    safe_mode.switch_on(reason="moving house", actor="staff")
    assert (safe_mode.is_on(), safe_mode.current_reason()) == (True, "moving house")
    with pytest.raises(safe_mode.UndecidedOrdersError):
        safe_mode.switch_off(reason="done", actor="staff", undecided=1)
    assert safe_mode.is_on() is True
    safe_mode.switch_off(reason="done", actor="staff", undecided=0)
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
    orphan = UnmatchedOrder.objects.get()
    assert (orphan.external_id, orphan.charge, orphan.currency) == (bought, Decimal("0.9"), "USD")
    assert candidates(orphan=orphan) == [order]
    with pytest.raises(CannotResolveError, match="Enter a reason"):
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
    orphan = UnmatchedOrder.objects.get()
    assert candidates(orphan=orphan) == []
    before = store.house(store.provider.account)
    write_off_orphan(orphan_id=orphan.pk, actor="staff", reason="made after the backup")
    assert store.house("loss") == Decimal("0.9")
    assert store.house(store.provider.account) == before - Decimal("0.9")
    with pytest.raises(CannotResolveError, match="already decided"):
        write_off_orphan(orphan_id=orphan.pk, actor="staff", reason="twice")
    assert store.house("loss") == Decimal("0.9")
    assert ledger.balance(account=ledger.house_account(house="loss", currency="USD")) == Decimal("0.9")


def test_nothing_is_concluded_where_the_provider_forgets_our_own(store: Store) -> None:
    with pytest.raises(CannotSearchError, match="Too few orders"):
        find_orphans(provider=store.provider)
    store.active(quantity="2000"), store.active(quantity="3000")
    store.simulator.next("status", "error_entries", times=TRIES)
    with pytest.raises(CannotSearchError, match="did not know orders of yours"):
        find_orphans(provider=store.provider)
    assert UnmatchedOrder.objects.count() == 0


def test_a_search_that_is_cut_short_says_so(store: Store) -> None:
    store.active(quantity="2000"), store.active(quantity="3000")
    assert find_orphans(provider=store.provider, max_calls=2, quiet=1000) == SearchResult(asked=196, calls=2)


def test_the_page_shows_and_decides(store: Store, owner: Client) -> None:
    store.active(quantity="2000"), store.active(quantity="3000")
    forgotten(store)
    assert "restored from an older backup" in owner.get("/staff/safe-mode/").content.decode()
    post: Callable[..., str] = lambda url, **words: owner.post(url, words, follow=True).content.decode()  # noqa: E731
    assert "1 unknown orders found" in post(f"/staff/safe-mode/look/{store.provider.pk}/")
    assert "1 unknown provider order needs a decision first." in post("/staff/safe-mode/off/", reason="done")
    assert "Enter a reason" in post("/staff/safe-mode/off/")
    orphan, order = UnmatchedOrder.objects.get(), Order.objects.get(state="QUEUED")
    decide = f"/staff/safe-mode/found/{orphan.pk}"
    assert "Choose the order it matches." in post(f"{decide}/adopt/", reason="x")
    assert owner.post(f"{decide}/nonsense/", {"reason": "x"}).status_code == 404
    assert "Decision saved." in post(f"{decide}/adopt/", reason="same cost", order=str(order.pk))
    assert store.fresh(order).state == "ACTIVE"
    assert "Safe mode is off" in post("/staff/safe-mode/off/", reason="compared")
    assert safe_mode.is_on() is False
    assert "Safe mode is on." in post("/staff/safe-mode/on/", reason="moving")
