"""Walks through the money of orders: what is paid in, how orders end, and what is asked for after that."""

from tests.machine.selling import MISSING
from tests.machine.walks.walker import Walker, walk


@walk
def wallet(go: Walker) -> None:
    """Money for some orders, a token twice, and a top-up that is decided twice."""
    for quantity in (1000, 1000, 777, 333):
        go.new(quantity=quantity)
    for _ in range(2):
        go.new(token="a", customer="bob")
    wish = go.report_deposit(customer="ada", dollars=2, token="1")
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
