"""Steps after an order was bought: answers in any order, polls, cancels, refills; and what happens beside orders."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.accounting.reconcile import read_balances
from orders.aftercare.cancel_closing import close_cancels
from orders.aftercare.cancel_jobs import send_cancels
from orders.aftercare.refill_jobs import poll_refills
from orders.aftercare.refills import ask_for_refills
from orders.models import Order, Refill
from orders.tracking.poll import poll_provider
from orders.tracking.settle import settle_batch
from orders.unconfirmed.decisions import clear_flag
from panel.wallet.deposits.deposits import DepositDecidedError, approve_deposit, reject_deposit, report_deposit
from providers.adapters.base import ItemError, OrderStatus, ReportedStatus
from providers.availability.circuit_breaker import resume_provider
from providers.catalog.publishing.refresh import refresh_provider
from tests.machine import life as lives
from tests.machine.buying import Buying
from tests.machine.life import Life
from tests.machine.world import RATES, Lives, micro

Said = tuple[str, int | None, int | None, str]
"""An answer about an order: the word, what remains and what it costs in per cent, and the currency."""
MISSING = "missing"
UNKNOWN_ID = "unknown id"


class Selling(Buying):
    """Each step takes plain values, so that it can be done again as it was."""

    def status(self, life: Life, said: Said) -> Any:
        """What the provider says of it; None and an ItemError are answers, too."""
        word, remains, charge, currency = said
        if word == MISSING:
            return None
        if word == UNKNOWN_ID:
            return ItemError("Incorrect order ID")
        return OrderStatus(
            external_id=life.external or "",
            word=ReportedStatus(word),
            raw=word,
            charge=None if charge is None else Decimal(life.expected * charge // 100).scaleb(-6),
            start_count=None,
            remains=None if remains is None else -(-life.quantity * remains // 100),
            currency=currency,
        )

    def answer(self, *, said: Sequence[tuple[int, Said]], asked_at: datetime, die: int | None = None) -> None:
        """Answers about several orders that were asked for at a time, however late they come."""
        found = {pk: self.status(self.lives[pk], told) for pk, told in said if self.lives[pk].external}
        before = dict(self.lives)

        def call() -> None:
            settled = settle_batch(answers=found, asked_at=asked_at, now=self.now())
            assert settled.failed == 0, "an answer could not be settled"

        def after() -> Lives:
            now = self.now()
            return {pk: [lives.answered(before[pk], one, asked_at=asked_at, now=now)] for pk, one in found.items()}

        self.do(call, after, die=die)

    def tell(self, *, pk: int, said: Said) -> None:
        """From now on the provider says that of the order when it is asked."""
        life = self.lives[pk]
        status = self.status(life, said)
        if life.external and isinstance(status, OrderStatus):
            bought = self.upstream_service_for(life).orders[life.external]
            bought.status = replace(status, external_id=bought.id)

    def poll(self, *, provider: str, seconds: int, silent: bool, broken: bool, die: int | None = None) -> None:
        """Everything that is followed there is asked for."""
        self.time.shift(seconds)
        upstream = self.upstreams[provider]
        upstream.is_broken = broken
        upstream.silent = frozenset(list(upstream.orders)[::2]) if silent else frozenset()
        followed = set(Order.objects.filter(next_poll_at__isnull=False).values_list("pk", flat=True))
        before = dict(self.lives)

        def call() -> None:
            polled = poll_provider(provider=self.reload(provider), everything=True)
            assert polled.failed == 0, "an answer could not be settled"

        def after() -> Lives:
            asked = [life for pk, life in before.items() if life.provider == provider and pk in followed]
            if broken:
                return {}
            return {life.pk: self._polled(life, upstream.look([life.external or ""])) for life in asked}

        self.do(call, after, die=die)
        upstream.is_broken, upstream.silent = False, frozenset()

    def _polled(self, life: Life, answers: Any) -> list[Life]:
        """Applied, or left alone where it says nothing new."""
        now, answer = self.now(), answers.get(life.external)
        new = lives.answered(life, answer, asked_at=now, now=now)
        is_news = replace(new, applied_at=life.applied_at, heard=life.heard) != life and answer != life.heard
        if is_news or new.seen in self.observed().values():
            return [new]
        return [life]

    def cancels(self, *, provider: str, broken: bool, die: int | None = None, plan: str = "") -> None:
        """Wishes to cancel are passed on: whatever is said to them, no money moves."""
        self.upstreams[provider].is_broken, self.upstreams[provider].requests = broken, plan

        def call() -> None:
            close_cancels(now=self.now())
            send_cancels(provider=self.reload(provider), now=self.now(), everything=True)

        self.do(call, dict, die=die)
        self.upstreams[provider].is_broken, self.upstreams[provider].requests = False, ""

    def refill(self, *, pk: int, seconds: int, broken: bool, die: int | None = None, plan: str = "") -> None:
        """A refill is asked for and passed on: one at a time, and none that was taken is asked for again."""
        self.time.shift(seconds)
        upstream = self.upstream_service_for(self.lives[pk])
        upstream.is_broken, upstream.requests = broken, plan
        taken = set(Refill.objects.filter(state__in=["pending", "in progress"]).values_list("order", flat=True))
        asked_before = len(upstream.asked_to_refill)

        def call() -> None:
            ask_for_refills(order_ids=[pk], actor="ada@example.com", now=self.now())
            poll_refills(now=self.now())

        self.do(call, dict, die=die)
        upstream.is_broken, upstream.requests = False, ""
        asked = upstream.asked_to_refill[asked_before:]
        assert len(asked) == len(set(asked)), "asked for a refill twice"
        assert not {self.lives[one].external for one in taken} & set(asked), "asked for a refill that was taken"

    # --- Beside the orders ----------------------------------------------------------------------------------------
    def report_deposit(self, *, customer: str, dollars: int, token: str) -> int:
        """The customer says to have paid; no money moves. The key of the wish."""

        def call() -> int:
            asked = report_deposit(
                customer=self.customers[customer],
                method_id=self.method.pk,
                amount=Decimal(dollars),
                reference="Ada",
                token=token,
                now=self.now(),
            )
            return asked.pk

        pk: int = self.do(call, dict)
        self.wishes.setdefault(pk, customer)
        return pk

    def decide_top_up(self, *, pk: int, dollars: int, is_good: bool, die: int | None = None) -> None:
        """Staff credit what came, or refuse: the first word counts."""
        was_decided = pk in self.decided

        def call() -> bool:
            try:
                if is_good:
                    approve_deposit(deposit_id=pk, amount=Decimal(dollars), note="", actor="staff", now=self.now())
                else:
                    reject_deposit(deposit_id=pk, note="Nothing came.", actor="staff", now=self.now())
            except DepositDecidedError:
                return False
            return True

        done = self.do(call, dict, die=die)
        assert not (done and was_decided), "decided twice"
        assert done is not False or was_decided, "refused to decide"
        if done:
            self.decided.add(pk)
            if is_good:
                self.paid_in[self.wishes[pk]] += micro(Decimal(dollars))

    def reprice(self, *, provider: str, service: str, number: int) -> None:
        """The provider's list changes, and the shop follows it."""
        asked = RATES[provider].get(service) or RATES[provider]["1"]
        self.upstreams[provider].rates[service if service in RATES[provider] else "1"] = asked[number % len(asked)]
        self.do(lambda: refresh_provider(provider_id=self.providers[provider].pk, now=self.now()), dict)

    def read_balances(self) -> None:
        """The balances are read: a provider that was paused for its funds goes on."""
        self.do(read_balances, dict)

    def look_at(self, *, pk: int) -> None:
        """A person has seen what the order was flagged for."""
        life = self.lives[pk]
        self.do(
            lambda: clear_flag(order_id=pk, actor="staff", reason="seen"),
            lambda: {pk: [replace(life, attention="")]},
        )

    def wait(self, *, seconds: int) -> None:
        """Nothing happens for a while, and what was paused or closed is let on by staff."""
        self.time.shift(seconds)
        for provider in self.providers.values():
            for pause in provider.pauses.all():
                resume_provider(provider_id=provider.pk, reason=pause.reason)
            type(provider).objects.filter(pk=provider.pk).update(breaker_open_until=None)
