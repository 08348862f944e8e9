"""Walks through what goes wrong around orders: safe mode, clocks, outages, crowds, and what happens meanwhile."""

from datetime import timedelta

from orders.models import Order
from tests.machine.holds import REASONS
from tests.machine.selling import MISSING
from tests.machine.walks.walker import Walker, walk

POLL = {"provider": "North", "seconds": 90, "silent": False, "broken": False}


@walk
def held(go: Walker) -> None:
    """In safe mode nothing moves, and what was claimed before it is not sent."""
    active = go.bought()
    go.cancel(pk=active)
    done = go.bought(quantity=500)
    go.says(done, "Completed", 0)
    go.bought("never", quantity=333)
    go.new(quantity=400)
    go.wait(seconds=100)
    for why in REASONS:
        go.everything_in_safe_mode(why=why)
    pk = go.new(quantity=350, customer="bob")
    for why in ("held", "full"):
        go.submit_unsent(pk=pk, why=why)
        go.wait(seconds=60)
    go.submit(pk=pk, plan="placed")


@walk
def as_sold(go: Walker) -> None:
    """Services that are listed no longer, and a provider's money that is worth more, while orders wait."""
    for service in ("2", "1"):
        pk = go.new(quantity=333, service=service)
        go.list_service(service=service, is_listed=False)
        go.submit(pk=pk, plan="placed")
        go.list_service(service=service, is_listed=True)
        go.submit(pk=pk, plan="placed")
    pk = go.new(quantity=333, customer="bob")
    for rate in ("2", "1.2"):
        go.exchange(provider="North", rate=rate)
        go.submit(pk=pk, plan="placed")
    go.exchange(provider="South", rate="2")
    go.bought("refused", quantity=400)


@walk
def crowd(go: Walker) -> None:
    """Many wait behind a doubt of their cost: one of another cost is sent all the same."""
    go.bought("lost", quantity=10)
    for _ in range(12):
        go.new(quantity=10)
    go.new(quantity=333, customer="bob")
    go.sweep_by_small_looks()


@walk
def after_a_closure(go: Walker) -> None:
    """The first in the queue cannot be sent: the one try is the next one's."""
    go.new(quantity=333, service="2")
    go.new(quantity=333)
    go.reprice(provider="North", service="2", number=1)
    go.sweep_after_a_closure()


@walk
def long_outage(go: Walker) -> None:
    """The breaker opens as often as in half a day, and in a week."""
    for trips in (1, 3, 41, 50, 600):
        pk = go.new(quantity=100 + trips, customer="bob")
        go.outage(pk=pk, trips=trips)
        go.wait(seconds=1000)


@walk
def busy_elsewhere(go: Walker) -> None:
    """A link that was busy at one supplier for hours is busy at the next one for the first time."""
    pk = go.bought("link_busy", quantity=333)
    go.wait(seconds=3 * 3600)
    go.submit(pk=pk, plan="refused")
    go.submit(pk=pk, plan="link_busy")
    go.wait(seconds=60)
    go.submit(pk=pk, plan="placed")


@walk
def clocks(go: Walker) -> None:
    """A clock is ahead for a moment: while an order is polled, put off, sent and never answered, and in a job."""
    pk = go.bought()
    go.tell(pk=pk, said=("In progress", 50, 100, "USD"))
    go.ahead(days=30, step="poll", given=POLL)
    go.says(pk, "In progress", 40, 100)
    go.ahead(days=30, step="poll", given=POLL)
    go.reset_times()
    go.polled(pk, "Partial", 33, 67)
    pk = go.new(quantity=333)
    go.ahead(days=30, step="submit", given={"pk": pk, "plan": "busy"})
    go.reset_times()
    go.sweep(seconds=1, plan="placed")
    pk = go.ahead(days=30, step="place", given={"customer": "bob", "service": "2", "quantity": 777, "token": None})
    go.reset_times()
    go.ahead(days=30, step="submit", given={"pk": pk, "plan": "placed", "die": 2})
    go.reset_times()
    for seconds in (5, 100):
        go.sweep(seconds=seconds, plan="placed")
    go.late(pk=pk, number=0)
    for days in (0, 30):
        go.job(days=days)


@walk
def hiccups(go: Walker) -> None:
    """The database fails while an outcome is told."""
    for plan, quantity in (("never", 333), ("funds", 400), ("key", 500)):
        pk = go.new(quantity=quantity)
        go.submit_through_a_hiccup(pk=pk, plan=plan)
        go.wait(seconds=100)


@walk
def refused_after_all(go: Walker) -> None:
    """An order in doubt was refused, as a slow worker tells: it goes to the next supplier, and the doubt is over."""
    pk = go.new(quantity=333)
    go.submit(pk=pk, plan="refused", die=2)
    go.sweep(seconds=100, plan="placed")
    go.late(pk=pk, number=0)
    go.submit(pk=pk, plan="placed")


@walk
def two_doubts(go: Walker) -> None:
    """One of two doubts is decided: staff still hear of the other."""
    pks = [go.bought("never", quantity=quantity) for quantity in (333, 400)]
    go.wait(seconds=100)
    for pk, verdict in zip(pks, ("money back", "not placed"), strict=True):
        go.decide(pk=pk, verdict=verdict)


@walk
def unmatched(go: Walker) -> None:
    """An order is found at its provider before its own answer has come."""
    go.bought(quantity=333)
    go.bought(quantity=400)
    pk = go.new(quantity=500, customer="bob")
    go.found_while_it_is_sent(pk=pk)
    go.write_off(pk=pk)


@walk
def looks_beside(go: Walker) -> None:
    """Two jobs look for doubts at once."""
    go.bought()
    go.wait(seconds=10)
    go.bought("lost", quantity=333)
    go.wait(seconds=700)
    go.bought(quantity=1000, customer="bob")
    go.probe_beside(seconds=150)


@walk
def reported_meanwhile(go: Walker) -> None:
    """A deposit is reported while the last one is decided."""
    wish = go.report_deposit(customer="ada", dollars=2, token="1")
    go.decide_while_another_asks(pk=wish, customer="bob", dollars=1)


@walk
def echoes(go: Walker) -> None:
    """Requests without an answer, put off, and then refused: the refusal may be the echo of the first."""
    pk = go.bought()
    go.says(pk, "Completed", 0)
    for plan in ("lost", "busy", "refused"):
        go.refill(pk=pk, seconds=90_000, broken=False, plan=plan)
    pk = go.bought(quantity=333)
    go.says(pk, "Completed", 0)
    for plan in ("lost", "refused"):
        go.refill(pk=pk, seconds=90_000, broken=False, plan=plan)
    for plans in (("lost", "refused"), ("lost", "busy", "refused")):
        pk = go.bought(quantity=500, customer="bob")
        go.cancel(pk=pk)
        for plan in plans:
            go.cancels(provider="North", broken=False, plan=plan)
            go.wait(seconds=1000)


@walk
def worn_out(go: Walker) -> None:
    """Counters at their limits."""
    pk = go.bought()
    go.wear_out(pk=pk)
    go.says(pk, "In progress", 50, 50)
    go.look_at(pk=pk)
    go.wear_out(pk=pk)
    for _ in range(3):
        go.wait(seconds=4000)
        go.says(pk, MISSING)
    go.says(pk, "Completed", 0)


@walk
def free_parts(go: Walker) -> None:
    """What is delivered in part and said to be free is asked about again in a minute, and not for ever."""
    pk = go.bought()
    go.says(pk, "Partial", 33, 0)
    assert _asked_again_in(go, pk) == timedelta(minutes=1)
    go.wait(seconds=7200)
    go.says(pk, "Partial", 33, 0)
    assert _asked_again_in(go, pk) > timedelta(hours=1)


def _asked_again_in(go: Walker, pk: int) -> timedelta:
    next_poll_at = Order.objects.get(pk=pk).next_poll_at
    assert next_poll_at is not None
    return next_poll_at - go.world.now()
