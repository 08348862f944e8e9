"""Steps until an order is bought, or ended without: placing, sending, the sweep, late answers, doubts, verdicts."""

from datetime import timedelta

from orders.aftercare.cancels import CannotCancelError, request_cancel
from orders.models import Attempt, Cancellation, Order
from orders.placing.place import place_order
from orders.placing.validation import BadOrderError
from orders.submission.record import record_outcome
from orders.submission.submit import submit_order
from orders.submission.sweep import sweep_orders
from orders.unconfirmed.decisions import CannotResolveError, confirm_placed, refund_unconfirmed, requeue_order
from orders.unconfirmed.probe import probe_unconfirmed
from panel.wallet.approvals.own_money import OwnMoneyError
from panel.wallet.ledger import NotEnoughFundsError
from providers.adapters.base import Placed
from providers.adapters.errors import NotPlaced, OutcomeUnknown, Refused
from tests.machine import life as lives
from tests.machine.life import Life
from tests.machine.upstream import Given
from tests.machine.world import WORD, Lives, World, price

QUEUED_FOR = timedelta(hours=24)
BUSY_FOR = timedelta(hours=2)
SETTLE = timedelta(minutes=10)


class Buying(World):
    """Each step takes plain values, so that it can be done again as it was."""

    def place(self, *, customer: str, service: str, quantity: int, token: str | None, die: int | None = None) -> int:
        """A new order, or the earlier one of that token; its key, or 0 where there is none."""
        known = self.tokens.get((customer, token)) if token else None
        shelf, tag = self.service(service), self.new_tag()
        charge = -(-self.sale(service) * quantity // 1000)
        expected = self.asked("North", service, quantity)
        funds = self.wallet(customer)

        def call() -> None:
            words = {"link": tag, "quantity": str(quantity)}
            try:
                placed = place_order(
                    customer=self.customers[customer],
                    service_id=shelf.pk,
                    params=words,
                    now=self.now(),
                    token=token,
                )
            except NotEnoughFundsError:
                assert funds < charge, "refused though there is money"
                return
            except BadOrderError:
                assert not shelf.is_for_sale, "refused though it is for sale"
                return
            assert placed.is_new == (known is None), "a token made two orders, or none"
            assert known is None or placed.order.pk == known
            assert known or funds >= charge, "sold for more than there is"

        def after() -> Lives:
            newest = Order.objects.order_by("-pk").first()
            if known or newest is None or newest.pk in self.lives:
                return {}
            made = Life(newest.pk, tag, customer, service, quantity, charge, "North", expected, self.now())
            return {newest.pk: [made]}

        before = set(self.lives)
        self.do(call, after, die=die)
        new = set(self.lives) - before
        if new and token:
            self.tokens[customer, token] = min(new)
        return min(new) if new else known or 0

    def submit(self, *, pk: int, plan: str, die: int | None = None) -> None:
        """One order is to be sent."""
        life = self.lives[pk]
        self._plan(plan)
        may_go = life.state == "QUEUED" and not self.rivals(life)

        def after() -> Lives:
            is_looked_at = may_go and self.open_before[life.provider]
            if is_looked_at and self.is_unwanted(pk):
                return {pk: [lives.paid_back(life, "CANCELED")]}
            must_go = is_looked_at and not self.is_at_loss(life) and not self.is_in_doubt(life)
            assert life.tag in self.sent or not must_go or self.deaths.is_dead, "not sent, though nothing hinders it"
            return {pk: self._sent_or_not(life)}

        self.do(lambda: submit_order(order_id=pk, even_early=True), after, die=die)
        if life.tag in self.sent and plan in {"funds", "key"} and not self.deaths.is_dead:
            assert self.reload(life.provider).paused_reason == plan, "it goes on sending to who will not sell"

    def sweep(self, *, seconds: int, plan: str, die: int | None = None) -> None:
        """Time passes, and the sweep finds what nobody told."""
        self.time.shift(seconds)
        self._plan(plan)
        wished = set(Cancellation.objects.filter(state__in=Cancellation.OPEN).values_list("order", flat=True))
        due = set(Order.objects.filter(next_attempt_at__lte=self.now()).values_list("pk", flat=True))
        quiet = {name for name in self.providers if self.reload(name).breaker_open_until is None}

        def after() -> Lives:
            found = {}
            swept = {pk: self._swept(life, pk in wished) for pk, life in self.lives.items()}
            if any(steps[-1].state == "UNCONFIRMED" and len(steps) > 1 for steps in swept.values()):
                quiet.clear()  # dead workers are trouble, too: the breaker may have opened
            for pk, life in self.lives.items():
                steps = swept[pk]
                waits = steps[-1].state == "QUEUED" and pk in due and life.provider in quiet
                must_go = waits and plan == "placed" and self.open_before[life.provider] and not self.rivals(life)
                is_sent = life.tag in self.sent
                is_hindered = self.is_hindered(life) or self.deaths.is_dead
                assert is_sent or not must_go or is_hindered, "the sweep left it waiting"
                found[pk] = [*self._sent_or_not(steps[-1]), *reversed(steps)]
            return found

        self.do(lambda: sweep_orders(now=self.now()), after, die=die)

    def late(self, *, pk: int, number: int) -> None:
        """A slow worker comes with its answer to that try, be it the first time or not."""
        life = self.lives[pk]
        given = self.given.get((pk, number))
        if given is None:
            return
        attempt = Attempt.objects.get(order=pk, number=number + 1)

        def after() -> Lives:
            return {pk: [self._came_to(life, number, given)]}

        self.do(lambda: record_outcome(attempt_id=attempt.pk, outcome=given), after)

    def appear(self, *, pk: int) -> None:
        """An order of which the provider said nothing is there after all, while its time to settle lasts."""
        tries = self.lives[pk].tries
        is_in_time = bool(tries) and self.now() - tries[-1].at < SETTLE
        for upstream in self.upstreams.values():
            if is_in_time and not self.having(self.lives[pk]):
                upstream.appear(self.lives[pk].tag)
            upstream.pending.pop(self.lives[pk].tag, None)

    def decide(self, *, pk: int, verdict: str) -> None:
        """Staff say what became of a doubtful order. They look first: nobody says "not placed" of what is there.

        By "own money" its own customer, as one of the staff, gives the money back: that is refused.
        """
        life = self.lives[pk]
        can = life.state in lives.DOUBTFUL and life.tries[-1].outcome == "unknown"
        can = can and life.is_lease_over_at <= self.now() + timedelta(seconds=1)
        bought = self.upstream_service_for(life).having(life.tag)
        taken = [one.external for one in self.lives.values() if one.external and one.provider == life.provider]
        named = {"taken": taken[0] if taken else "404", "foreign": "404"}.get(
            verdict, bought[0].id if bought else "404"
        )
        if verdict == "not placed" and self.having(life):
            return
        for upstream in self.upstreams.values():
            upstream.pending.pop(life.tag, None)

        def call() -> bool:
            try:
                if verdict == "not placed":
                    requeue_order(order_id=pk, actor="staff", reason=WORD)
                elif verdict == "money back":
                    refund_unconfirmed(order_id=pk, actor="staff", reason=WORD)
                elif verdict == "own money":
                    refund_unconfirmed(order_id=pk, actor=self.customers[life.customer].email, reason=WORD)
                else:
                    confirm_placed(order_id=pk, provider_order_id=named, actor="staff", reason=WORD)
            except (CannotResolveError, OwnMoneyError):
                return False
            return True

        def after() -> Lives:
            if (
                not can
                or verdict == "own money"
                or (verdict in {"placed", "taken", "foreign"} and (named == "404" or named in taken))
            ):
                return {}
            last = len(life.tries) - 1
            if verdict == "not placed":
                return {pk: [lives.found_absent(life, self.now())]}
            if verdict == "money back":
                back = lives.paid_back(life, "REJECTED")
                return {pk: [lives.orphaned(back)]}
            return {pk: [lives.accepted(life, last, named)]}

        self.do(call, after)

    def probe(self, *, seconds: int, is_silent: bool = False) -> None:
        """The provider is looked at for doubts: what it has is adopted under its own id, or a person decides."""
        self.time.shift(seconds)
        north = self.upstreams["North"]
        north.silent = frozenset(list(north.orders)[-2:]) if is_silent else frozenset()

        def after() -> Lives:
            found = {}
            for pk, life in self.lives.items():
                if life.state == "UNCONFIRMED" and life.provider == "North":
                    bought = self.upstreams["North"].having(life.tag)
                    adopted = [lives.accepted(life, len(life.tries) - 1, one.id) for one in bought]
                    found[pk] = [life, lives.in_review(life), *adopted]
            return found

        self.do(lambda: probe_unconfirmed(now=self.now()), lambda: self._observed_first(after()))
        north.silent = frozenset()

    def cancel(self, *, pk: int, die: int | None = None) -> None:
        """The customer wants it no more: what waits ends at once, of the others the wish is noted."""
        life = self.lives[pk]

        def call() -> None:
            try:
                request_cancel(order_id=pk, actor="ada@example.com")
            except CannotCancelError:
                assert life.state != "QUEUED"

        def after() -> Lives:
            return {pk: [lives.paid_back(life, "CANCELED")]} if life.state == "QUEUED" else {}

        self.do(call, after, die=die)

    # --- What follows ---------------------------------------------------------------------------------------------
    def _plan(self, plan: str) -> None:
        for upstream in self.upstreams.values():
            upstream.plan = plan

    def _swept(self, life: Life, is_unwanted: bool) -> list[Life]:
        """What the sweep makes of it before it sends: one thing after the other."""
        steps = [life]
        if life.state == "SENDING" and life.is_lease_over_at <= self.now():
            steps.append(lives.doubted(life, len(life.tries) - 1))
        if life.state == "QUEUED" and life.queued_at <= self.now() - QUEUED_FOR:
            steps.append(lives.paid_back(life, "REJECTED"))
        elif life.state == "QUEUED" and is_unwanted:
            steps.append(lives.paid_back(life, "CANCELED"))
        return steps

    def _sent_or_not(self, life: Life) -> list[Life]:
        """Where it reached a provider: what that came to, or before that was heard; else it waits."""
        waits = self._kept_waiting(life) if life.state == "QUEUED" else life
        if life.tag not in self.sent:
            return [waits, life] if waits.seen in self.observed().values() else [life, waits]
        if waits.provider != life.provider:
            life = waits  # passed on, and sent there by the same sweep
        sending = lives.claimed(life, expected=self.would_cost(life), now=self.now())
        given = self.given.get((life.pk, len(life.tries)))
        if given is None:
            return [sending]
        return [self._came_to(sending, len(life.tries), given), sending]

    def _kept_waiting(self, life: Life) -> Life:
        """What becomes of it when it is looked at and may not be sent; itself where nothing speaks against it."""
        if self.is_in_doubt(life):
            cost = self._cost_elsewhere(life)
            return lives.not_as_sold(life) if cost is None else lives.passed_on(life, provider="South", expected=cost)
        return lives.too_dear(life, expected=self.would_cost(life)) if self.is_at_loss(life) else life

    def _came_to(self, life: Life, number: int, given: Given) -> Life:
        """After the answer to that try."""
        if not lives.is_open(life, number):
            return life
        match given:
            case OutcomeUnknown():
                return lives.doubted(life, number)
            case Placed():
                mine = [one for one in self.lives.values() if one.provider == life.provider and one.pk != life.pk]
                if given.order_id in {one.external for one in mine}:
                    return lives.doubted(life, number)
                return lives.accepted(life, number, given.order_id)
            case NotPlaced(reason="link_busy"):
                return self._busy(life, number)
            case NotPlaced() if self.is_unwanted(life.pk):
                return lives.unwanted(life, number, "not placed")
            case NotPlaced():
                return lives.waiting(life, number, is_busy_link=False)
            case Refused():
                return self._refused(life, number)

    def _busy(self, life: Life, number: int) -> Life:
        earlier = [one for one in life.tries[:number] if one.provider == life.provider]
        if any(one.outcome == "absent" for one in earlier):
            return lives.doubted(life, number)
        first = next((one.at for one in earlier if one.is_busy_link), self.now())
        if self.now() - first >= BUSY_FOR:
            return self._refused(life, number)
        if self.is_unwanted(life.pk):
            return lives.unwanted(life, number, "not placed", is_busy_link=True)
        return lives.waiting(life, number, is_busy_link=True)

    def _refused(self, life: Life, number: int) -> Life:
        """To the other supplier, once, where it has the service and is not too dear; else the money back."""
        if self.is_unwanted(life.pk):
            return lives.unwanted(life, number, "refused")
        cost = self._cost_elsewhere(life)
        if cost is not None:
            return lives.turned(life, number, provider="South", expected=cost)
        return lives.refused(life, number)

    def _cost_elsewhere(self, life: Life) -> int | None:
        """What it costs at the other supplier, where that has the service, was not tried, and is not too dear."""
        south, mirror = self.reload("South"), self._mirror("South", "1")
        is_new = life.service == "1" and "South" not in {one.provider for one in life.tries}
        cost = price(mirror.rate, life.quantity)
        covers = self.in_shop("South", cost) <= life.charge
        can = is_new and life.provider == "North" and covers and not south.paused_reason and not mirror.review_reason
        return cost if can else None

    def _observed_first(self, found: Lives) -> Lives:
        observed = self.observed()
        return {pk: sorted(some, key=lambda life: life.seen != observed[pk]) for pk, some in found.items()}
