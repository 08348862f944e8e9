"""Steps of what goes wrong around orders: outages, clocks, a database that hiccups, and what happens meanwhile."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

from django.db import OperationalError

from orders.models import Order, UnmatchedOrder
from orders.operations.future_times import reset_future_times
from orders.submission.due import first_of_each_cost
from orders.unconfirmed.decisions import CannotResolveError
from orders.unconfirmed.probe import ProbeRunResult, probe_unconfirmed
from orders.unconfirmed.restore_search import CannotSearchError, find_orphans, write_off_orphan
from panel.ops.alerts import alerts
from panel.ops.jobs.leases import run_leased
from panel.ops.models import JobRun
from panel.wallet.models import TopUp
from providers.admin.edit import save_provider
from providers.catalog.publishing.refresh import refresh_provider
from providers.models import Provider
from tests.machine import life as lives
from tests.machine.buying import QUEUED_FOR
from tests.machine.holds import Holds
from tests.machine.world import RATES, WORD, Lives

SKEW = lives.SKEW
MAX_OPEN_TIME = timedelta(minutes=15)
LONGEST_WAIT = timedelta(minutes=10)
LONGEST_PACE = timedelta(minutes=30)
A_LOOK = 4


class Trouble(Holds):
    """Each step takes plain values, so that it can be done again as it was."""

    # --- Providers ------------------------------------------------------------------------------------------------
    def exchange(self, *, provider: str, rate: str) -> None:
        """Staff set what the provider's currency is worth."""
        changed = self.reload(provider)
        changed.exchange_rate = self.exchange_rates[provider] = Decimal(rate)
        self.do(lambda: save_provider(provider=changed, changed=["exchange_rate"], key=None), dict)

    def list_service(self, *, service: str, is_listed: bool) -> None:
        """North lists the service no longer, or again."""
        rates = self.upstreams["North"].rates
        if is_listed:
            rates[service] = RATES["North"][service][0]
        else:
            rates.pop(service, None)
        pk = self.providers["North"].pk
        for _ in range(2):
            self.do(lambda: refresh_provider(provider_id=pk, now=self.now(), accept_shrunk=True), dict)

    def outage(self, *, pk: int, trips: int) -> None:
        """Another order of unknown fate after so many openings of the breaker in a row."""
        name = self.lives[pk].provider
        Provider.objects.filter(name=name).update(trips_in_a_row=trips, breaker_open_until=None)
        self.submit(pk=pk, plan="never")
        if self.lives[pk].tag in self.sent:
            closed = self.reload(name).breaker_open_until
            assert closed is not None or not trips, "an outage, and orders go on being sent there"
            assert closed is None or timedelta() < closed - self.now() <= MAX_OPEN_TIME

    def sweep_after_a_closure(self) -> None:
        """The breaker lets one order through: one that can be sent, whichever others are looked at before."""
        now = self.now()

        def expires(life: lives.Life) -> bool:  # within the second that the sweep waits
            return life.queued_at <= now + timedelta(seconds=1) - QUEUED_FOR

        Provider.objects.filter(name="North").update(trips_in_a_row=1, breaker_open_until=now)
        due = set(Order.objects.filter(state="QUEUED", next_attempt_at__lte=now).values_list("pk", flat=True))
        mine = [life for pk, life in self.lives.items() if pk in due and life.provider == "North" and not expires(life)]
        good = {one.tag for one in mine if not self.is_hindered(one) and not self.rivals(one)}
        self.sweep(seconds=1, plan="placed")
        is_open = self.open_before["North"]
        assert not good or not is_open or good & set(self.sent), "the one try was spent by an order that is not sent"

    def sweep_by_small_looks(self) -> None:
        """As if a few orders were a thousand: no crowd behind one cost is in the way of the others."""
        with (
            mock.patch.dict(first_of_each_cost.__kwdefaults__, {"most": A_LOOK}),
            mock.patch("orders.submission.sweep.SENT_A_SWEEP", 2 * A_LOOK),
        ):
            self.sweep(seconds=1, plan="placed")

    # --- Clocks ---------------------------------------------------------------------------------------------------
    def ahead(self, *, days: int, step: str, given: dict[str, Any]) -> Any:
        """The step is done while the clock is ahead, which is set right afterwards."""
        self.time.shift(timedelta(days=days))
        done = getattr(self, step)(**given)
        self.time.shift(timedelta(days=-days))
        return done

    def reset_times(self) -> None:
        """The job that finds what waits for a time that only such a clock can have set."""
        before = dict(self.lives)

        def after() -> Lives:
            return {pk: [lives.brought_back(life, self.now())] for pk, life in before.items()}

        self.do(lambda: reset_future_times(now=self.now()), after)
        for name, state, longest in (
            ("next_attempt_at", "QUEUED", LONGEST_WAIT),
            ("next_poll_at", "ACTIVE", LONGEST_PACE),
        ):
            ahead = {f"{name}__gt": self.now() + longest + SKEW}
            assert not Order.objects.filter(state=state, **ahead).exists(), f"{state} orders wait for a day far away"

    def job(self, *, days: int) -> None:
        """A worker was killed in a job by a clock that many days ahead: it runs again, unless that was just now."""
        until = self.now() + timedelta(days=days, seconds=60)
        JobRun.objects.update_or_create(name="machine", defaults={"lease_until": until, "holder": "killed"})
        ran = self.do(lambda: run_leased(name="machine", seconds=120, job=dict), dict)
        assert (ran is not None) == (days > 0), "a job runs beside itself, or waits for a day far away"

    # --- Meanwhile ------------------------------------------------------------------------------------------------
    def submit_through_a_hiccup(self, *, pk: int, plan: str) -> None:
        """The database fails in the moment in which people are to be told of the outcome: nothing of it is lost."""
        raise_alert, failures = alerts.raise_alert, [OperationalError("canceling statement due to lock timeout")]

        def hiccup(**given: Any) -> None:
            if failures:
                raise failures.pop()
            raise_alert(**given)

        with (
            mock.patch.object(alerts, "raise_alert", hiccup),
            mock.patch("time.sleep"),
            mock.patch("orders.submission.submit.connections"),  # the test's own is not to be closed
        ):
            self.submit(pk=pk, plan=plan)

    def found_while_it_is_sent(self, *, pk: int) -> None:
        """Between the provider's having the order and its answer somebody looks for unmatched orders there."""
        north = self.reload("North")

        def look() -> None:
            with suppress(CannotSearchError):
                find_orphans(provider=north, quiet=100)

        self.upstreams["North"].meanwhile = look
        self.submit(pk=pk, plan="placed")
        self.upstreams["North"].meanwhile = None

    def write_off(self, *, pk: int) -> None:
        """A person says of what was found under the order's id that it is lost: it is not, and nothing is booked."""
        orphan = UnmatchedOrder.objects.filter(external_id=self.lives[pk].external).first()
        if orphan is None:
            return

        def call() -> None:
            with suppress(CannotResolveError):
                write_off_orphan(orphan_id=orphan.pk, actor="staff", reason=WORD)

        self.do(call, dict)

    def probe_beside(self, *, seconds: int) -> None:
        """While the provider is slow to answer a look for a doubt, the job comes again: for that doubt it does not."""
        doubts = sum(life.state == "UNCONFIRMED" for life in self.lives.values())
        beside: list[ProbeRunResult] = []
        self.upstreams["North"].meanwhile = lambda: beside.append(probe_unconfirmed(now=self.now()))
        self.probe(seconds=seconds)
        self.upstreams["North"].meanwhile = None
        assert all(one.probed < doubts for one in beside), "two look for the same doubt at once"

    def decide_while_another_asks(self, *, pk: int, customer: str, dollars: int) -> None:
        """A deposit is decided on, and in that moment another one is reported: staff hear of that one."""
        lock_subject, asks = alerts.lock_subject, [1]

        def whoever_was_first(subject: str) -> None:
            lock_subject(subject)
            if asks:
                asks.pop()
                other = TopUp(
                    customer=self.customers[customer], token=f"beside:{pk}", method=self.method, currency="USD"
                )
                other.amount, other.asked_at = Decimal(dollars), self.now()
                other.save()
                self.wishes[other.pk] = customer

        with mock.patch.object(alerts, "lock_subject", whoever_was_first):
            self.decide_top_up(pk=pk, dollars=dollars, is_good=True)

    def wear_out(self, *, pk: int) -> None:
        """It was missed, and its cost changed, as often as can be counted."""
        Order.objects.filter(pk=pk).update(misses=1000, money_moves=30_000)
        self.lives[pk] = replace(self.lives[pk], misses=1000, is_worn_out=True)
