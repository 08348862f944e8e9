"""Days of a busy shop whose orders often get no clear answer, and what the evidence says of each, right or wrong.

Orders overlap as they do with several workers: one is claimed at one moment, exists at the provider at another, and is
answered for at a third. The panel's own functions are called in the order that chance brings; time is the trial's.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import time_machine
from django.db.models import Max, Sum
from django.utils import timezone

from orders.models import Attempt, Order, Probe
from orders.placing.place import place_order
from orders.rules.states import State
from orders.submission import submit
from orders.submission.due import first_of_each_cost, providers_in_turn
from orders.submission.record import record_outcome
from orders.submission.submit import Claim
from orders.submission.sweep import reap_attempts
from orders.unconfirmed.decisions import CannotResolveError, confirm_placed, requeue_order
from orders.unconfirmed.probe import probe_unconfirmed
from orders.unconfirmed.unmatched_search import search_unmatched_orders
from panel.customers.models import User
from panel.lib.secret import Secret
from panel.wallet import ledger
from providers.adapters.base import AddRequest, Placed
from providers.adapters.errors import OutcomeUnknown
from providers.adapters.registry import ADAPTERS
from providers.catalog.markups import set_markup
from providers.catalog.models import Service
from providers.catalog.publishing.refresh import refresh_provider
from providers.connection.register import register_provider
from providers.models import Provider
from tests.doubts.market import CURRENCY, Habits, Market, market
from tests.machine.upstream import UPSTREAMS, MachineAdapter

START = datetime(2030, 1, 1, 8, tzinfo=timezone.get_fixed_timezone(0))
RATES = ["0.9", "0.45", "0.45", "1.8", "2.5", "12", "0.73", "3.1", "0.29", "5.5", "0.61", "7.25", "1.15", "0.087"]
"""The most popular first. Some cost the same, or come to the same by their quantities."""
QUANTITIES = (50, 100, 100, 200, 250, 300, 500, 500, 1000, 1000, 1000, 1500, 2000, 5000)
POPULAR = range(1, len(RATES) + 1)
URL = "https://market.example/api/v2"
FATES = {"lost": 4, "never": 4, "late": 1, "dead before": 1, "dead after": 1}
"""What becomes of an order in doubt: it is there and the answer is lost, it is not there, it appears minutes later, or
the worker dies before or after it is there."""
ANSWER_WITHIN, LATE_WITHIN = 25.0, 300.0
SWEEP, PROBE, UNMATCHED, STAFF = (timedelta(seconds=seconds) for seconds in (15, 30, 300, 1800))
REST = timedelta(minutes=50)
"""Longer than any doubt is looked into."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Orders a day, the part of them in doubt, how many orders by hand there are for each of ours, and how many
    verdicts people have shared before."""

    orders_a_day: int = 8640
    doubtful: float = 0.05
    by_hand: float = 0
    shared: int = 0


@dataclass
class Score:
    """What the evidence said of the doubts, by what is true in the end."""

    cases: int
    said: Counter[str]
    adopted: int
    calls: int
    most_calls: int
    wrong: list[str]

    @property
    def decided(self) -> float:
        """The part that has a verdict."""
        return (self.said["placed"] + self.said["absent"]) / self.cases if self.cases else 0

    def __str__(self) -> str:
        verdicts = ", ".join(f"{word} {number}" for word, number in sorted(self.said.items()))
        each = self.calls / self.cases if self.cases else 0
        figures = f"{self.cases} doubts: {verdicts}; {self.decided:.1%} decided, {len(self.wrong)} wrong"
        return f"{figures}; adopted by itself {self.adopted}; calls {each:.1f} a doubt, {self.most_calls} at most"


@dataclass
class Trial:
    """One provider, one shop. `run` goes on until there were so many doubts; staff decide by the truth."""

    habits: Habits
    shop: Shop
    seed: int
    events: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice, self.ticks, self.doubts = random.Random(self.seed), count(), 0

    def run(self, *, doubts: int) -> Score:
        """Play, let everything come to its end, and compare."""
        ADAPTERS["market"] = MachineAdapter  # type: ignore[assignment]
        try:
            return self._play(doubts)
        finally:
            del ADAPTERS["market"], UPSTREAMS[URL]

    def _play(self, doubts: int) -> Score:
        with time_machine.travel(START, tick=False) as clock:
            self._open()
            jobs = {SWEEP: self._sweep, PROBE: self._probe, UNMATCHED: self._search_unmatched, STAFF: self._staff}
            for every, work in jobs.items():
                self._repeat(every, work)
            self._after(1, self._customer)
            if self.shop.by_hand:
                self._after(1, self._by_hand)
            until = None
            while until is None or self.events[0][0] < until:
                at, _, work = heapq.heappop(self.events)
                clock.move_to(at)
                work()
                if until is None and self.doubts >= doubts:
                    until = at + REST
            return self._score()

    def _open(self) -> None:
        rates = {str(number): Decimal(rate) for number, rate in enumerate(RATES, 1)}
        self.market: Market = market(name="Market", rates=rates, habits=self.habits, seed=self.seed)
        UPSTREAMS[URL] = self.market
        provider = register_provider(
            name="Market",
            url=URL,
            key=Secret("k" * 20),
            currency=CURRENCY,
            exchange_rate=Decimal(1),
            new_services="all",
        )
        provider.adapter, provider.probing = "market", Provider.Probing.ADOPT
        provider.probes_right = self.shop.shared
        provider.save()
        refresh_provider(provider_id=provider.pk, now=timezone.now())
        set_markup(percent=Decimal(50))
        self.services = {row.upstream.external_id: row.pk for row in Service.objects.select_related("upstream")}
        self.customer = User.objects.create_user("trial@example.com")
        ledger.credit_wallet(user=self.customer, amount=Decimal(10**7), key="credit:trial")

    # --- What happens when ----------------------------------------------------------------------------------------
    def _after(self, seconds: float, work: Callable[[], None]) -> None:
        heapq.heappush(self.events, (timezone.now() + timedelta(seconds=seconds), next(self.ticks), work))

    def _repeat(self, every: timedelta, work: Callable[[], None]) -> None:
        def again() -> None:
            work()
            self._after(every.total_seconds(), again)

        self._after(every.total_seconds(), again)

    def _customer(self) -> None:
        wish = self._wish(f"https://example.com/{next(self.ticks)}")
        words = {name: wish[name] for name in ("link", "quantity")}
        service = self.services[wish["service"]]
        placed = place_order(customer=self.customer, service_id=service, params=words, now=timezone.now())
        self._send(placed.order.pk)
        self._after(self.dice.expovariate(self.shop.orders_a_day / 86400), self._customer)

    def _by_hand(self) -> None:
        self.market.create(AddRequest(self._wish("by hand")))
        self._after(self.dice.expovariate(self.shop.by_hand * self.shop.orders_a_day / 86400), self._by_hand)

    def _wish(self, link: str) -> dict[str, str]:
        (service,) = self.dice.choices(POPULAR, [1 / number for number in POPULAR])
        return {"service": str(service), "link": link, "quantity": str(self.dice.choice(QUANTITIES))}

    def _sweep(self) -> None:
        reap_attempts(now=timezone.now())
        now = timezone.now()
        for provider_id in providers_in_turn(now=now):
            for pk in first_of_each_cost(provider_id=provider_id, now=now, but=set()):
                self._send(pk)

    def _probe(self) -> None:
        probe_unconfirmed(now=timezone.now())

    def _search_unmatched(self) -> None:
        search_unmatched_orders(now=timezone.now())

    def _staff(self) -> None:
        """They look the order up by its link, which the panel cannot, once all of it must have appeared."""
        ripe = timezone.now() - timedelta(seconds=LATE_WITHIN + ANSWER_WITHIN)
        for order in Order.objects.filter(state=State.REVIEW, sent_at__lte=ripe).order_by("pk"):
            found = self.market.having(order.link)
            try:
                if found:
                    confirm_placed(order_id=order.pk, provider_order_id=found[0].id, actor="staff", reason="looked up")
                else:
                    requeue_order(order_id=order.pk, actor="staff", reason="looked up")
            except CannotResolveError:  # the provider did not answer for the id: they come back to it
                continue

    # --- An order on its way --------------------------------------------------------------------------------------
    def _send(self, order_id: int) -> None:
        claim = submit._claim(order_id, even_early=False)
        if claim is None:
            return
        reach, answer = self.dice.uniform(0.05, 1), self.dice.lognormvariate(-0.5, 1)
        if self.dice.random() >= self.shop.doubtful:
            self._after(reach, lambda: self._bought(claim, min(answer, ANSWER_WITHIN)))
            return
        self.doubts += 1
        (fate,) = self.dice.choices(list(FATES), list(FATES.values()))
        if fate in {"lost", "dead after"}:
            self._after(reach, lambda: self._create(claim))
        elif fate == "late":
            self._after(self.dice.uniform(ANSWER_WITHIN, LATE_WITHIN), lambda: self._create(claim))
        if not fate.startswith("dead"):
            hung_up = self.dice.choice((reach + answer, ANSWER_WITHIN))
            self._after(min(hung_up, ANSWER_WITHIN), lambda: self._unclear(claim))

    def _create(self, claim: Claim) -> str:
        return self.market.create(claim.request).id

    def _bought(self, claim: Claim, answer: float) -> None:
        outcome = Placed(self._create(claim))
        self._after(answer, lambda: record_outcome(attempt_id=claim.attempt_id, outcome=outcome))

    def _unclear(self, claim: Claim) -> None:
        record_outcome(attempt_id=claim.attempt_id, outcome=OutcomeUnknown("HTTP 502."))

    # --- What came of it ------------------------------------------------------------------------------------------
    def _score(self) -> Score:
        probes = Probe.objects.select_related("attempt__order").order_by("pk")
        ended = [probe for probe in probes if probe.ended_at is not None]
        figures = probes.aggregate(total=Sum("calls"), most=Max("calls"))
        adopted = Attempt.objects.filter(outcome="placed", probe__verdict="placed", probe__is_right=None).count()
        wrong = [text for probe in ended if (text := self._what_is_wrong(probe))]
        said = Counter(probe.verdict or "none" for probe in ended)
        return Score(len(ended), said, adopted, figures["total"] or 0, figures["most"] or 0, wrong)

    def _what_is_wrong(self, probe: Probe) -> str:
        """In which way the verdict is not what is true; empty where it is, or there is none."""
        attempt = probe.attempt
        bought = self.market.having(attempt.order.link)
        before = [one for one in bought if self.market.begun[one.id] >= attempt.started_at]
        if probe.verdict == "placed" and probe.candidate not in {one.id for one in bought}:
            return f"{attempt} is not {probe.candidate}"
        again = attempt.order.attempts.filter(number=attempt.number + 1).first()
        mine = [one for one in before if again is None or self.market.begun[one.id] < again.started_at]
        if probe.verdict == "absent" and mine:
            return f"{attempt} is {mine[0].id}"
        return ""
