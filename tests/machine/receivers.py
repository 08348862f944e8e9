"""Steps of customers' programs that hear of changes: quick and slow ones, those that fail, and what changes meanwhile.

The model says what each may hear: the oldest message that waits, at the address and under the secret of that moment.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from django.db import transaction

from orders.webhooks.choices import CannotSendError, renew_secret, send_again, send_test, set_webhook
from orders.webhooks.deliver import deliver_due
from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.outbox import Update, queue_updates
from orders.webhooks.pause import pause_webhook
from orders.webhooks.send import SendResult
from panel.lib.secret import Secret
from tests.machine.dying import Died
from tests.machine.life import SKEW
from tests.machine.trouble import Trouble

RESTS = [timedelta(minutes=minutes) for minutes in (0.25, 1, 5, 30, 120, 360, 720, 1440)]
CLAIM = timedelta(minutes=1)
TOOK = {"slow": 9.0, "hangs": 3600.0}
"""Seconds; the others answer at once."""
PROGRAMS = ("ok", "fails", "slow", "hangs", "dead worker", "moved", "renewed", "paused", "told")
"""How a program takes a message, and what happens meanwhile."""


@dataclass
class Hook:
    """One customer's webhook as it must be; `waiting` are the numbers of its messages, the oldest first."""

    pk: int
    url: str
    secret: Secret
    is_active: bool = True
    waiting: list[int] = field(default_factory=list)
    failures: dict[int, int] = field(default_factory=dict)
    retry_at: datetime | None = None
    claimed_until: datetime | None = None

    def is_held(self, now: datetime) -> bool:
        """Whether nothing may be sent now; what only a clock that was ahead can have set holds up nobody."""
        is_resting = self.retry_at is not None and now < self.retry_at <= now + RESTS[-1] + SKEW
        is_claimed = self.claimed_until is not None and now < self.claimed_until <= now + CLAIM + SKEW
        return not self.is_active or is_resting or is_claimed

    def changed(self) -> None:
        """Whatever was under way counts for nothing any more."""
        self.claimed_until = None

    def paused(self) -> None:
        self.is_active, self.waiting, self.retry_at, self.claimed_until = False, [], None, None


class _Pool:
    """Threads that are one after the other, so that whatever happens meanwhile happens in a known moment."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, job: Callable[[], SendResult]) -> Any:
        return mock.Mock(result=mock.Mock(return_value=job()))


class Receivers(Trouble):
    """Each step takes plain values, so that it can be done again as it was."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.hooks: dict[str, Hook] = {}
        self.last_message = 0
        self.seconds = 0.0
        self.programs: dict[str, list[str]] = {}

    def monotonic(self) -> float:
        """The clock of a run, which only programs take time of."""
        return self.seconds

    def hook(self, *, customer: str, address: int) -> None:
        """The customer gives the address, for the first time or anew."""
        self._hear_of_news()
        self.do(lambda: self._set_address(customer, address), dict)
        self._check_hooks()

    def deliver(self, *, programs: dict[str, list[str]]) -> None:
        """What waits is delivered. `programs` says how each takes one message after the other; the rest goes well."""
        self._hear_of_news()
        self.programs = {customer: list(plans) for customer, plans in programs.items()}
        now = self.now() + timedelta(seconds=1)
        good = [hook for name, hook in self.hooks.items() if not self.programs.get(name) and not hook.is_held(now)]

        def call() -> None:
            try:
                deliver_due()
            except Died:
                return

        with (
            mock.patch("panel.lib.delivery_pool.ThreadPoolExecutor", _Pool),
            mock.patch("panel.lib.delivery_pool.wait", lambda running, **_: (set(running), set())),
            mock.patch("panel.lib.delivery_pool.time", self),
            mock.patch("orders.webhooks.turn.time", self),
            mock.patch("orders.webhooks.turn.send_message", self._send),
        ):
            self.do(call, dict)
        is_whole = all("dead worker" not in plans for plans in programs.values())
        assert not is_whole or not any(hook.waiting for hook in good), "one who takes everything was not told"
        self._check_hooks()

    def test_message(self, *, customer: str) -> None:
        """The customer has a test sent: one at a time."""
        self._hear_of_news()
        hook = self.hooks[customer]
        can = hook.is_active and not self._waits_for_test(hook)
        self._by_hand(hook, lambda webhook: bool(send_test(webhook=webhook)), can)

    def message_again(self, *, customer: str, pick: int) -> None:
        """The customer has a message sent again that is over: in its old place."""
        self._hear_of_news()
        hook = self.hooks[customer]
        rows = list(Delivery.objects.filter(webhook=hook.pk).order_by("pk"))
        if not rows:
            return
        row = rows[pick % len(rows)]
        can = hook.is_active and row.pk not in hook.waiting and not (row.event == "test" and self._waits_for_test(hook))
        self._by_hand(hook, lambda _: send_again(delivery=row), can)
        if can:
            hook.waiting = sorted({*hook.waiting, row.pk})
            hook.failures.pop(row.pk, None)
        self._check_hooks()

    def news_for_paused(self, *, customer: str) -> None:
        """A message is written by who saw the webhook active in the moment it was paused: it is not sent."""
        self._hear_of_news()
        hook = self.hooks[customer]
        with transaction.atomic():
            pause_webhook(webhook_id=hook.pk, reason="Why.")
        hook.paused()
        row = Delivery.objects.create(webhook_id=hook.pk, event="order.changed", payload={"order": 0})
        self.last_message = row.pk
        hook.waiting.append(row.pk)
        self.deliver(programs={})

    # --- What follows ---------------------------------------------------------------------------------------------
    def _set_address(self, customer: str, address: int) -> None:
        url = f"https://{customer}.example/{address}"
        secret = set_webhook(customer=self.customers[customer], url=url, actor=customer)
        if secret is not None:
            webhook = Webhook.objects.get(customer=self.customers[customer])
            self.hooks[customer] = Hook(webhook.pk, url, secret)
        hook = self.hooks[customer]
        hook.url, hook.is_active, hook.retry_at = url, True, None
        hook.changed()

    def _by_hand(self, hook: Hook, send: Callable[[Webhook], bool], can: bool) -> None:
        def call() -> bool:
            try:
                return send(Webhook.objects.get(pk=hook.pk))
            except CannotSendError:
                return False

        assert self.do(call, dict) == can, "sent by hand though it may not be, or refused"
        if can:
            hook.retry_at = None
        self._hear_of_news()

    def _waits_for_test(self, hook: Hook) -> bool:
        return Delivery.objects.filter(pk__in=hook.waiting, event="test").exists()

    def _hear_of_news(self) -> None:
        """What was written since: for those who may hear of it."""
        for row in Delivery.objects.filter(pk__gt=self.last_message).order_by("pk"):
            hook = next(one for one in self.hooks.values() if one.pk == row.webhook_id)
            assert hook.is_active, "a message for a webhook that is paused"
            hook.waiting.append(row.pk)
            self.last_message = row.pk

    def _send(self, *, url: str, secret: Secret, delivery: Delivery, seconds: float) -> SendResult:
        """A program gets a message: the right one, in the right moment."""
        name, hook = next(found for found in self.hooks.items() if found[1].pk == delivery.webhook_id)
        now = self.now()
        assert not hook.is_held(now), "sent while the webhook is paused or rests, or beside another worker"
        assert (url, secret) == (hook.url, hook.secret), "sent to an old address, or under an old secret"
        assert delivery.pk == hook.waiting[0], "a message was overtaken"
        plan = self.programs[name].pop(0) if self.programs.get(name) else "ok"
        took = TOOK.get(plan, 0.1)
        self.seconds += min(took, seconds)
        if plan == "dead worker":
            hook.claimed_until = now + CLAIM
            raise Died
        if took > seconds:
            self._is_cut(hook, delivery.pk, seconds, now)
            return SendResult(None, "Late.", seconds)
        if plan == "fails":
            self._has_failed(hook, delivery.pk, now)
            return SendResult(500, "HTTP 500.", took)
        if not self._happens_meanwhile(plan, name, hook):
            hook.waiting.remove(delivery.pk)
        return SendResult(200, "", took)

    def _happens_meanwhile(self, plan: str, name: str, hook: Hook) -> bool:
        """Whether what was under way counts for nothing then, so that the message is sent again."""
        if plan == "moved":
            self._set_address(name, int(hook.url[-1]) + 1)
        elif plan == "renewed":
            hook.secret = renew_secret(webhook=Webhook.objects.get(pk=hook.pk), actor=name)
        elif plan == "paused":
            with transaction.atomic():
                pause_webhook(webhook_id=hook.pk, reason="Why.")
            hook.paused()
        elif plan == "told":
            queue_updates([Update(self.customers[name].pk, "order.changed", self.now(), {"order": 0})])
            self._hear_of_news()
        return plan in {"moved", "renewed", "paused"}

    def _is_cut(self, hook: Hook, number: int, seconds: float, now: datetime) -> None:
        """One that was quick is not to wait for: that is no failure yet."""
        if seconds > 2:
            self._has_failed(hook, number, now)

    def _has_failed(self, hook: Hook, number: int, now: datetime) -> None:
        failures = hook.failures[number] = hook.failures.get(number, 0) + 1
        if failures > len(RESTS):
            hook.paused()
        else:
            hook.retry_at = now + RESTS[failures - 1]

    def _check_hooks(self) -> None:
        for hook in self.hooks.values():
            rows = Delivery.objects.filter(webhook=hook.pk, next_at__isnull=False).order_by("pk")
            waiting = list(rows.values_list("pk", flat=True))
            assert waiting == hook.waiting, "another message waits than is to be sent"
            assert Webhook.objects.get(pk=hook.pk).is_active == hook.is_active, "paused, or not, for no reason"
