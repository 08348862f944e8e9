"""Walks of the machine that are always taken: short ways to what its guesses reach seldom. Checked after every step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.machine import checks
from tests.machine.selling import MISSING, Said, Selling

WALKS: dict[str, Callable[["Walker"], None]] = {}


class Walker:
    """Takes steps one by one; words shorter than the machine's own."""

    def __init__(self, world: Selling) -> None:
        self.world = world

    def __getattr__(self, name: str) -> Any:
        """Any step of the world, with the checks after it."""
        step = getattr(self.world, name)

        def walk(**given: Any) -> Any:
            done = step(**given)
            checks.check_all(self.world)
            return done

        return walk

    def new(self, *, quantity: int = 777, service: str = "1", customer: str = "ada", token: str | None = None) -> int:
        made: int = self.place(customer=customer, service=service, quantity=quantity, token=token)
        return made

    def bought(self, plan: str = "placed", **given: Any) -> int:
        pk = self.new(**given)
        self.submit(pk=pk, plan=plan)
        return pk

    def says(self, pk: int, word: str, remains: int | None = 0, charge: int | None = None, **given: Any) -> None:
        """An answer asked for now, or `minutes` ago."""
        told: Said = (word, remains, charge, given.get("currency", "USD"))
        self.world.time.shift(1)
        asked_at = self.world.now() - timedelta(minutes=given.get("minutes", 0))
        self.answer(said=[(pk, told)], asked_at=asked_at)

    def polled(self, pk: int, word: str, remains: int | None = 0, charge: int | None = None) -> None:
        """The provider says so when it is asked."""
        self.tell(pk=pk, said=(word, remains, charge, "USD"))
        self.poll(provider="North", seconds=90, silent=False, broken=False)


def walk(taken: Callable[[Walker], None]) -> Callable[[Walker], None]:
    WALKS[taken.__name__] = taken
    return taken


@walk
def wallet(go: Walker) -> None:
    """Money for some orders, a token twice, and a top-up that is decided twice."""
    for quantity in (1000, 1000, 777, 333):
        go.new(quantity=quantity)
    for _ in range(2):
        go.new(token="a", customer="bob")
    wish = go.ask_top_up(customer="ada", dollars=2, token="1")
    go.decide_top_up(pk=wish, dollars=2, is_good=True, die=0)
    go.decide_top_up(pk=wish, dollars=2, is_good=True)
    go.decide_top_up(pk=wish, dollars=2, is_good=True)
    go.decide_top_up(pk=wish, dollars=2, is_good=False)
    go.new()


@walk
def ends(go: Walker) -> None:
    """All ends of an order, and what a provider says after them."""
    pk = go.bought()
    go.says(pk, "In progress", 50, 0)
    go.says(pk, "Partial", 33, 67)
    go.says(pk, "Partial", 33, 50)
    go.says(pk, "Partial", 20)
    go.says(pk, "In progress", 90)
    go.look_at(pk=pk)
    go.says(pk, "Completed", 0)
    go.says(pk, "Partial", 60, 130)
    go.says(pk, "Canceled", None, 0)
    go.says(pk, "Partial", 30)
    pk = go.bought(quantity=333)
    go.says(pk, "Completed", 40, 90)
    go.says(pk, "Partial", 30)
    go.says(pk, "Canceled", 100)
    pk = go.bought(quantity=1000, customer="bob", service="2")
    go.says(pk, "Canceled", 100, 0)
    go.says(pk, "Canceled", 100, 0)


@walk
def nonsense(go: Walker) -> None:
    """Answers that move nothing: remains that are none, unknown words, another currency, silence."""
    pk = go.bought()
    for remains in (-10, 120, None, None, None):
        go.says(pk, "Partial", remains)
    for word in ("Unknown", "Failed", "Expired", MISSING, "unknown id"):
        go.says(pk, word, 50)
    go.says(pk, "Canceled", 0, 0, currency="EUR")
    for _ in range(5):
        go.wait(seconds=1000)
        go.says(pk, MISSING)
    go.says(pk, "Partial", 0)


@walk
def old_answers(go: Walker) -> None:
    """Answers that come late, or again, are older than what was heard since."""
    pk = go.bought()
    go.wait(seconds=1000)
    go.says(pk, "In progress", 50)
    go.says(pk, "Canceled", 100, minutes=10)
    moment = go.world.now()
    go.answer(said=[(pk, ("Completed", 0, None, "USD"))], asked_at=moment)
    go.answer(said=[(pk, ("Partial", 50, None, "USD"))], asked_at=moment)
    go.answer(said=[(pk, ("Canceled", 100, None, "USD"))], asked_at=moment, die=0)
    go.says(pk, "Canceled", 100, minutes=5)


@walk
def polls(go: Walker) -> None:
    """What polls read, with and without news, from providers that leave out, break and change their minds."""
    pk, other = go.bought(), go.bought(quantity=333)
    go.polled(pk, "Pending", 100, 100)
    go.polled(pk, "In progress", 50, 100)
    go.poll(provider="North", seconds=90, silent=True, broken=False)
    go.poll(provider="North", seconds=90, silent=False, broken=True)
    go.polled(other, "Completed", 0, 100)
    go.polled(other, "Completed", 0, 90)
    go.polled(pk, "Partial", 30, 70)
    go.polled(pk, "Partial", 60, 70)
    for die in range(4):
        go.tell(pk=pk, said=("Canceled", 100, 0, "USD"))
        go.poll(provider="North", seconds=90, silent=False, broken=False, die=die)


@walk
def refusals(go: Walker) -> None:
    """Refused by one and by all; what the next supplier costs; a busy link, for long."""
    pk = go.bought("refused")
    go.submit(pk=pk, plan="refused")
    pk = go.bought("refused")
    go.submit(pk=pk, plan="lost")
    go.late(pk=pk, number=0)
    go.reprice(provider="South", service="1", number=1)
    go.bought("refused")
    go.bought("refused", service="2")
    pk = go.bought("link_busy", service="2", quantity=333)
    go.wait(seconds=4000)
    go.submit(pk=pk, plan="link_busy")
    go.wait(seconds=4000)
    go.submit(pk=pk, plan="link_busy")


@walk
def pauses(go: Walker) -> None:
    """A provider without our funds, one that refuses the key, one out of reach; prices that rise over the charge."""
    pk = go.bought("funds")
    go.submit(pk=pk, plan="placed")
    go.sweep(seconds=20, plan="placed")
    go.read_balances()
    go.submit(pk=pk, plan="key")
    go.submit(pk=pk, plan="placed")
    go.wait(seconds=10)
    for plan in ("unreached", "busy", "placed"):
        go.submit(pk=pk, plan=plan)
    pk = go.new(quantity=333)
    go.reprice(provider="North", service="1", number=2)
    go.submit(pk=pk, plan="placed")
    go.reprice(provider="North", service="1", number=1)
    go.submit(pk=pk, plan="placed")


@walk
def dead_workers(go: Walker) -> None:
    """Workers die at every point of sending; the sweep leaves those that may live, and their answers come late."""
    for die, quantity in enumerate((777, 333, 1000)):
        pk = go.new(quantity=quantity, customer="bob" if quantity == 1000 else "ada")
        go.submit(pk=pk, plan="placed", die=die)
        go.sweep(seconds=5, plan="placed")
        go.sweep(seconds=100, plan="placed")
        go.wait(seconds=10)
        go.sweep(seconds=100, plan="placed")
        go.late(pk=pk, number=0)
        go.late(pk=pk, number=0)
    pk = go.new(service="2")
    go.submit(pk=pk, plan="placed", die=3)
    go.late(pk=pk, number=0)
    pk = go.new(service="2", quantity=333)
    go.submit(pk=pk, plan="refused", die=2)
    go.sweep(seconds=100, plan="placed")
    go.late(pk=pk, number=0)


@walk
def waits_too_long(go: Walker) -> None:
    """What could not be sent for a day is paid back."""
    go.bought("unreached")
    go.sweep(seconds=90_000, plan="placed", die=0)
    go.sweep(seconds=1, plan="placed")


@walk
def verdicts(go: Walker) -> None:
    """Staff's three verdicts: too early, of ids that are none or another's, and then right; answers after them."""
    first = go.bought()
    pk = go.bought("lost", quantity=333)
    for verdict in ("placed", "not placed", "money back"):
        go.decide(pk=pk, verdict=verdict)
    go.wait(seconds=100)
    for verdict in ("foreign", "taken", "placed", "placed"):
        go.decide(pk=pk, verdict=verdict)
    pk = go.bought("never", quantity=1000, service="2", customer="bob")
    go.wait(seconds=100)
    go.decide(pk=pk, verdict="not placed")
    go.late(pk=pk, number=0)
    go.submit(pk=pk, plan="link_busy")
    go.late(pk=pk, number=1)
    go.wait(seconds=100)
    go.decide(pk=pk, verdict="money back")
    for verdict in ("not placed", "money back", "placed"):
        go.decide(pk=pk, verdict=verdict)
    go.late(pk=pk, number=1)
    go.decide(pk=first, verdict="money back")
    pk = go.new(quantity=333, customer="bob")
    go.submit(pk=pk, plan="placed", die=2)
    go.sweep(seconds=100, plan="placed")
    go.decide(pk=pk, verdict="money back")
    go.late(pk=pk, number=0)


@walk
def busy_link_after_all(go: Walker) -> None:
    """The answer "this link is busy" to an order that was thought absent, from a worker that was only slow."""
    pk = go.bought("never")
    go.wait(seconds=100)
    go.decide(pk=pk, verdict="not placed")
    go.submit(pk=pk, plan="link_busy", die=2)
    go.sweep(seconds=100, plan="placed")
    go.late(pk=pk, number=1)


@walk
def one_of_a_cost(go: Walker) -> None:
    """While an order is in doubt, no other of its cost is sent there; one of another cost is."""
    go.bought("lost")
    pk = go.bought(customer="bob")
    go.bought(quantity=333)
    go.wait(seconds=100)
    go.sweep(seconds=100, plan="placed")
    go.decide(pk=pk - 1, verdict="placed")
    go.submit(pk=pk, plan="placed")


@walk
def taken_ids(go: Walker) -> None:
    """The provider names an id that belongs to another order."""
    go.bought()
    pk = go.bought("taken", quantity=333)
    go.wait(seconds=100)
    go.decide(pk=pk, verdict="taken")
    go.decide(pk=pk, verdict="placed")


def _between(go: Walker, plan: str, *, wait: int, is_silent: bool, looks: int) -> int:
    """A doubt between two orders of ours, and looks for it."""
    go.bought()
    go.wait(seconds=10)
    pk = go.bought(plan, quantity=333)
    go.wait(seconds=wait)
    go.bought(quantity=1000, customer="bob")
    for _ in range(looks):
        go.probe(seconds=150, is_silent=is_silent)
    return pk


@walk
def looked_for(go: Walker) -> None:
    """What is there is adopted."""
    _between(go, "lost", wait=100, is_silent=False, looks=1)


@walk
def looked_for_in_vain(go: Walker) -> None:
    """What the provider does not tell of is not ruled out."""
    _between(go, "lost", wait=700, is_silent=True, looks=4)


@walk
def looked_for_early(go: Walker) -> None:
    """What may still come is not ruled out either."""
    go.appear(pk=_between(go, "late", wait=100, is_silent=False, looks=3))


@walk
def ruled_out(go: Walker) -> None:
    """What is not there goes to a person, who has it sent again."""
    pk = _between(go, "never", wait=700, is_silent=False, looks=4)
    go.decide(pk=pk, verdict="not placed")
    go.submit(pk=pk, plan="placed")


@walk
def cancels(go: Walker) -> None:
    """Canceled while it waits, while it is sent, in doubt, bought, and ended; passed on, and died over."""
    pk = go.new()
    go.cancel(pk=pk, die=0)
    go.cancel(pk=pk)
    go.cancel(pk=pk)
    pk = go.new()
    go.submit(pk=pk, plan="busy", die=2)
    go.cancel(pk=pk)
    go.late(pk=pk, number=0)
    go.sweep(seconds=1, plan="placed")
    pk = go.bought(quantity=333)
    go.cancel(pk=pk)
    go.cancels(provider="North", broken=True)
    go.cancels(provider="North", broken=False, die=1)
    go.wait(seconds=1000)
    go.cancels(provider="North", broken=False)
    go.says(pk, "Canceled", 100, 0)
    go.cancels(provider="North", broken=False)
    go.cancel(pk=pk)


@walk
def refills(go: Walker) -> None:
    """A refill is asked for once, however often the job runs."""
    pk = go.bought()
    go.says(pk, "Completed", 0)
    for seconds in (1, 1, 4000, 90_000):
        go.refill(pk=pk, seconds=seconds, broken=False)
    go.refill(pk=pk, seconds=90_000, broken=True)
    go.refill(pk=pk, seconds=1, broken=False)
