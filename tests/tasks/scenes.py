"""For every task something to do, and how to see what it did: `work` makes it, `look` tells what came of it."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.db.models import Sum
from django.utils import timezone

from orders.aftercare.cancels import ask_for_cancels
from orders.aftercare.refills import ask_for_refills
from orders.models import Attempt, Cancellation, Order, Probe, Refill, UnmatchedOrder
from orders.operations.metrics import count_orders
from orders.reports.models import DailyFigure, RolledDay
from orders.rules.states import State
from orders.unconfirmed.probe import providers_due
from orders.webhooks.choices import set_webhook
from orders.webhooks.models import Delivery, Webhook
from panel.ops.alerts.alerts import raise_alert
from panel.ops.models import Alert, AlertNotice, AuditEvent, JobRun, SettledIds
from panel.wallet.models import ApprovalRequest, Checkpoint, Transfer
from providers.availability.circuit_breaker import pause_provider
from providers.catalog.models import CatalogUpdate
from providers.models import BalanceReading, Pause, ServiceChange
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import PLAIN_SERVICE
from tests.orders.filled import fill_orders
from tests.scripted import ScriptedServer

ADA = "ada@example.com"
Seen = dict[str, Any]


@dataclass
class Scene:
    """The shop, a customer's program, and how often work was made."""

    store: Store
    program: ScriptedServer
    time: Any
    rounds: int = 0
    asked: dict[str, int] = field(default_factory=dict)

    def link(self, word: str) -> str:
        return f"{LINK}/{word}{self.rounds}"

    def size(self, part: int) -> str:
        """A quantity that no other order has: of one cost, one at a time is in flight."""
        return str(100 + 10 * self.rounds + part)

    def place(self, word: str, part: int = 0) -> Order:
        return self.store.place(link=self.link(word), quantity=self.size(part))

    def forget(self, action: str) -> None:
        """What was asked of the provider by now does not count."""
        self.asked[action] = sum(self.store.simulator.requests(action))

    def asked_since(self, action: str) -> int:
        return sum(self.store.simulator.requests(action)) - self.asked[action]


@dataclass(frozen=True)
class Scenario:
    """`work` gives what was made to do, `look` what came of it, `args` what the task is called with."""

    work: Callable[[Scene], Any]
    look: Callable[[Scene, Any], Seen]
    args: Callable[[Scene, Any], tuple[Any, ...]] = lambda scene, made: ()


def of_order(scene: Scene, order: Order) -> Seen:
    """All that may be done to an order twice."""
    fresh = scene.store.fresh(order)
    moved = Transfer.objects.filter(cause=f"order:{order.pk}").order_by("pk")
    return {
        "state": fresh.state,
        "attempts": list(Attempt.objects.filter(order=order).values_list("outcome", flat=True)),
        "transfers": [key.partition(":")[0] for key in moved.values_list("key", flat=True)],
        "events": list(fresh.events.order_by("pk").values_list("what", flat=True)),
        "bought": len(scene.store.simulator.created(order.link)),
    }


def of_orders(scene: Scene, orders: list[Order]) -> Seen:
    return {str(number): of_order(scene, order) for number, order in enumerate(orders)}


def queued(scene: Scene) -> Order:
    return scene.place("queued")


def for_the_sweep(scene: Scene) -> list[Order]:
    """One to send, one whose worker died, one that waited too long, one that is wanted no more."""
    made = [scene.place(word, part) for part, word in enumerate(["queued", "dead", "stale", "unwanted"])]
    past = timezone.now() - timedelta(minutes=5)
    Order.objects.filter(pk=made[1].pk).update(state="SENDING")
    Attempt.objects.create(order=made[1], number=1, started_at=past, lease_until=past)
    Order.objects.filter(pk=made[2].pk).update(queued_at=past - timedelta(days=2), next_attempt_at=past)
    Cancellation.objects.create(order=made[3])
    return made


def partial(scene: Scene) -> Order:
    order = scene.store.submit(scene.place("partial"))
    scene.store.simulator.set_order(order.provider_order_id, status="Partial", remains=33)
    Order.objects.filter(pk=order.pk).update(next_poll_at=timezone.now())
    return order


def refill(scene: Scene) -> Order:
    (order,) = fill_orders(scene.store, 1, state=State.COMPLETED)
    ask_for_refills(order_ids=[order.pk], actor=ADA, now=timezone.now())
    scene.forget("refill")
    return order


def cancel(scene: Scene) -> Order:
    (order,) = fill_orders(scene.store, 1)
    ask_for_cancels(order_ids=[order.pk], actor=ADA, now=timezone.now())
    scene.forget("cancel")
    return order


def doubt(scene: Scene) -> Order:
    scene.store.submit(scene.place("before"))
    scene.time.shift(10)
    scene.store.simulator.next("add", "reset_after_create")
    order = scene.store.submit(scene.place("doubt", 1))
    scene.time.shift(200)
    return order


def opened_doubt(scene: Scene) -> Order:
    """The same once the job that hands out has seen it."""
    order = doubt(scene)
    providers_due(now=timezone.now())
    return order


def unmatched(scene: Scene) -> int:
    """An order by hand between orders of ours; how many were known before."""
    for part in range(3):
        scene.store.submit(scene.place(f"ours{part}", part))
    scene.store.simulator.fill(count=1, quantity=50)
    scene.store.submit(scene.place("after", 4))
    scene.time.shift(700)
    return UnmatchedOrder.objects.count()


def message(scene: Scene, *, is_quick: bool = True) -> int:
    if not Webhook.objects.exists():
        set_webhook(customer=scene.store.customer, url=scene.program.url, actor="test")
    scene.asked["program"] = len(scene.program.requests)
    hook = Webhook.objects.get()
    Webhook.objects.update(slow_until=None if is_quick else timezone.now())
    rows = [Delivery(webhook=hook, event="test", payload={"n": number}) for number in range(3)]
    return min(row.pk for row in Delivery.objects.bulk_create(rows))


def slow_message(scene: Scene) -> int:
    return message(scene, is_quick=False)


def old_message(scene: Scene) -> int:
    first = message(scene)
    long_ago = timezone.now() - timedelta(days=40)
    Delivery.objects.filter(pk=first).update(next_at=None, created_at=long_ago)
    return first


def delivered(scene: Scene, first: int) -> Seen:
    rows = Delivery.objects.filter(pk__gte=first)
    return {
        "rows": list(rows.order_by("pk").values_list("is_delivered", "tries", "next_at")),
        "heard": len(scene.program.requests) - scene.asked["program"],
    }


def finished(scene: Scene) -> int:
    made = fill_orders(scene.store, 6, state=State.COMPLETED)
    return made[0].service_id


def price(scene: Scene) -> int:
    scene.store.simulator.set_service(PLAIN_SERVICE, rate=f"0.3{scene.rounds}")
    return ServiceChange.objects.count()


def found(scene: Scene, before: int) -> Seen:
    return {"new": UnmatchedOrder.objects.count() - before}


def changed(scene: Scene, before: int) -> Seen:
    return {"changes": ServiceChange.objects.count() - before}


def refilled(scene: Scene, order: Order) -> Seen:
    states = list(Refill.objects.filter(order=order).values_list("state", "tries"))
    return {"refills": states, "asked": scene.asked_since("refill")}


def canceled(scene: Scene, order: Order) -> Seen:
    states = list(Cancellation.objects.filter(order=order).values_list("state", "tries"))
    return {"wishes": states, "asked": scene.asked_since("cancel")}


def probed(scene: Scene, order: Order) -> Seen:
    verdicts = list(Probe.objects.filter(attempt__order=order).values_list("verdict", flat=True))
    return {**of_order(scene, order), "verdicts": verdicts}


def to_provider(scene: Scene, made: Any) -> tuple[Any, ...]:
    return (scene.store.provider.pk,)


def pause(scene: Scene) -> None:
    scene.store.submit(scene.place("bought"))
    pause_provider(provider_id=scene.store.provider.pk, reason="funds")


def read(scene: Scene, made: None) -> Seen:
    """Every reading is a row; none of them moves money."""
    drifts = set(BalanceReading.objects.values_list("drift", flat=True))
    alerts, paused = Alert.objects.filter(closed_at=None), Pause.objects.values_list("reason", flat=True)
    return {"drifts": drifts, "alerts": alerts.count(), "paused": list(paused)}


def alert(scene: Scene) -> int:
    """An alert that is to be told."""
    raise_alert(subject=f"test:{scene.rounds}", level=Alert.Level.WARNING, title="Look")
    return len(mail.outbox)


def untold(scene: Scene) -> None:
    """A pause whose alert was lost, and an alert whose pause is over."""
    Pause.objects.get_or_create(provider=scene.store.provider, reason="key")
    Alert.objects.filter(closed_at=None).update(closed_at=timezone.now())
    raise_alert(subject=f"paused-funds:{scene.store.provider.pk}", level=Alert.Level.CRITICAL, title="x")


def open_subjects() -> list[str]:
    return list(Alert.objects.filter(closed_at=None).order_by("subject").values_list("subject", flat=True))


def old_notice(scene: Scene) -> int:
    long_ago = timezone.now() - timedelta(days=40)
    return AlertNotice.objects.create(event="test", channel="email", next_at=None, created_at=long_ago).pk


def no_backup(scene: Scene) -> Path:
    folder = Path(settings.DATA_DIR) / "backups"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def backups_kept(scene: Scene, folder: Path) -> Seen:
    """Those of one moment are one."""
    return {"kept": len(list(folder.iterdir())), "alerts": Alert.objects.filter(subject="backup").count()}


def old_session(scene: Scene) -> str:
    key = f"old{scene.rounds}"
    Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() - timedelta(days=1))
    return key


def old_alert(scene: Scene) -> int:
    long_ago = timezone.now() - timedelta(days=400)
    return Alert.objects.create(subject="old", level="warning", title="x", opened_at=long_ago, closed_at=long_ago).pk


def old_mail(scene: Scene) -> Path:
    settings.EMAIL_FILE_PATH = str(settings.DATA_DIR / "mail")
    return old_file("mail", f"{scene.rounds}.log")


def old_picture(scene: Scene) -> Path:
    """A file that belongs to no deposit."""
    return old_file("top-ups", f"{scene.rounds}.png")


def old_request(scene: Scene) -> ApprovalRequest:
    """One for approval that nobody decided on."""
    given = {"action": "adjust", "subject": "user:1", "amount": 5, "requested_at": timezone.now() - timedelta(days=8)}
    return ApprovalRequest.objects.create(customer=scene.store.customer, requested_by=scene.store.customer, **given)


def closed_requests(scene: Scene, made: ApprovalRequest) -> Seen:
    made.refresh_from_db()
    events = AuditEvent.objects.filter(target=f"approval:{made.pk}")
    return {"state": made.state, "events": events.count()}


def old_file(folder: str, name: str) -> Path:
    file = Path(settings.DATA_DIR) / folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x")
    long_ago = (timezone.now() - timedelta(days=40)).timestamp()
    os.utime(file, (long_ago, long_ago))
    return file


def old_update(scene: Scene) -> int:
    long_ago = timezone.now() - timedelta(days=100)
    return CatalogUpdate.objects.create(service=scene.store.service(), kind=CatalogUpdate.Kind.NEW, at=long_ago).pk


def old_readings(scene: Scene) -> Any:
    """Three in one hour, long ago."""
    hour = (timezone.now() - timedelta(days=40 + scene.rounds)).replace(minute=0, second=0, microsecond=0)
    given = {"provider": scene.store.provider, "balance": 1, "currency": "USD", "expected": 1, "drift": 0}
    BalanceReading.objects.bulk_create(BalanceReading(at=hour + timedelta(minutes=n), **given) for n in (1, 2, 3))
    return hour


def readings_left(scene: Scene, hour: Any) -> Seen:
    return {"left": BalanceReading.objects.filter(at__range=(hour, hour + timedelta(hours=1))).count()}


def counted(scene: Scene, made: Any) -> Seen:
    """What the last run counted is what there is."""
    return {"is_right": JobRun.objects.get(name="count_orders").summary == count_orders()}


def rolled_up(scene: Scene, made: Any) -> Seen:
    """The day's row says what the transfers do."""
    charged = Transfer.objects.filter(key__startswith="charge:").aggregate(sum=Sum("amount"))["sum"]
    row = DailyFigure.objects.get(scope="all")
    return {"is_right": row.charged == charged, "days": RolledDay.objects.count()}


def settled(scene: Scene) -> int:
    """The newest transfer, of which it is known that none before it will appear any more."""
    scene.place("settled")
    newest = Transfer.objects.latest("pk").pk
    place = {"seen": newest, "seen_at": timezone.now() - timedelta(hours=2)}
    SettledIds.objects.update_or_create(table=Transfer._meta.db_table, defaults=place)
    return newest


def checkpointed(scene: Scene, newest: int) -> Seen:
    """Each account's checkpoint says what its transfers up to there do."""
    kept = dict(Checkpoint.objects.values_list("account", "balance"))
    sums = dict.fromkeys(kept, Decimal(0))
    for source, target, amount in Transfer.objects.filter(pk__lte=newest).values_list("source", "target", "amount"):
        sums[source] -= amount
        sums[target] += amount
    return {"is_right": kept == sums and bool(kept)}


def ahead(scene: Scene) -> Order:
    """An order that was looked at while the clock was ahead."""
    order = scene.store.active(link=scene.link("ahead"), quantity=scene.size(0))
    Order.objects.filter(pk=order.pk).update(next_poll_at=timezone.now() + timedelta(days=30))
    return order


def goes_on(scene: Scene, order: Order) -> Seen:
    due = scene.store.fresh(order).next_poll_at
    return {"is_due": due is not None and due <= timezone.now()}


SCENARIOS = {
    "orders.tasks.submit_order": Scenario(queued, of_order, lambda scene, made: (made.pk,)),
    "orders.tasks.sweep_orders": Scenario(for_the_sweep, of_orders),
    "orders.tasks.poll_orders": Scenario(partial, of_order),
    "orders.tasks.poll_provider": Scenario(partial, of_order, to_provider),
    "orders.tasks.poll_refills": Scenario(refill, refilled),
    "orders.tasks.poll_provider_refills": Scenario(refill, refilled, to_provider),
    "orders.tasks.poll_cancels": Scenario(cancel, canceled),
    "orders.tasks.poll_provider_cancels": Scenario(cancel, canceled, to_provider),
    "orders.tasks.probe_doubts": Scenario(doubt, probed),
    "orders.tasks.probe_provider": Scenario(opened_doubt, probed, to_provider),
    "orders.tasks.search_unmatched_orders": Scenario(unmatched, found),
    "orders.tasks.look_for_strays": Scenario(unmatched, found),  # the name that earlier versions queued
    "orders.tasks.find_unmatched_orders": Scenario(unmatched, found, to_provider),
    "orders.tasks.deliver_webhooks": Scenario(message, delivered),
    "orders.tasks.deliver_slow_webhooks": Scenario(slow_message, delivered),
    "orders.tasks.forget_deliveries": Scenario(
        old_message, lambda scene, first: {"left": Delivery.objects.filter(pk__gte=first).count()}
    ),
    "orders.tasks.read_balances": Scenario(pause, read),
    "orders.tasks.read_provider_balance": Scenario(pause, read, to_provider),
    "orders.tasks.check_alerts": Scenario(untold, lambda scene, made: {"open": open_subjects()}),
    "orders.tasks.check_books": Scenario(queued, lambda scene, made: {"alerts": Alert.objects.count()}),
    "orders.tasks.measure_times": Scenario(
        finished, lambda scene, made: {"seconds": scene.store.service().measured_seconds}
    ),
    "orders.tasks.count_orders": Scenario(partial, counted),
    "orders.tasks.reset_future_times": Scenario(ahead, goes_on),
    "orders.tasks.roll_up_reports": Scenario(queued, rolled_up),
    "orders.tasks.take_checkpoints": Scenario(settled, checkpointed),
    "panel.ops.tasks.tell_alerts": Scenario(alert, lambda scene, before: {"mails": len(mail.outbox) - before}),
    "panel.ops.tasks.forget_mails": Scenario(old_mail, lambda scene, file: {"left": file.exists()}),
    "panel.wallet.tasks.sweep_pictures": Scenario(old_picture, lambda scene, file: {"left": file.exists()}),
    "panel.wallet.tasks.expire_approvals": Scenario(old_request, closed_requests),
    "panel.ops.tasks.back_up": Scenario(no_backup, backups_kept),
    "panel.ops.tasks.forget_notices": Scenario(
        old_notice, lambda scene, first: {"left": AlertNotice.objects.filter(pk__gte=first).count()}
    ),
    "panel.ops.tasks.forget_sessions": Scenario(
        old_session, lambda scene, key: {"left": Session.objects.filter(session_key=key).count()}
    ),
    "panel.ops.tasks.forget_alerts": Scenario(
        old_alert, lambda scene, first: {"left": Alert.objects.filter(pk=first).count()}
    ),
    "providers.tasks.thin_readings": Scenario(old_readings, readings_left),
    "providers.tasks.forget_updates": Scenario(
        old_update, lambda scene, first: {"left": CatalogUpdate.objects.filter(pk__gte=first).count()}
    ),
    "providers.tasks.sync_services": Scenario(price, changed),
    "providers.tasks.sync_provider_services": Scenario(price, changed, to_provider),
}
"""By the task's name: a task without one fails the tests."""
