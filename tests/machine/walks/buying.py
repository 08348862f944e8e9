"""Walks through buying: refusals, pauses, workers that die, doubts, and whoever decides them."""

from tests.machine.walks.walker import Walker, walk


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
    go.reprice(provider="North", service="1", number=0)
    pk = go.new(quantity=333)
    for number in (3, 2):
        go.reprice(provider="North", service="1", number=number)
        go.submit(pk=pk, plan="placed" if number == 2 else "busy")
    go.reprice(provider="North", service="1", number=3)
    go.submit(pk=pk, plan="placed")
    pk = go.new(quantity=1000, service="2", customer="bob")
    go.reprice(provider="North", service="2", number=1)
    for _ in range(2):
        go.submit(pk=pk, plan="placed")
    go.reprice(provider="North", service="2", number=0)
    go.submit(pk=pk, plan="placed")


@walk
def unwanted(go: Walker) -> None:
    """A cancel is asked for while the order is sent: it is bought nowhere else after that."""
    for plan, service in (("refused", "1"), ("busy", "2"), ("link_busy", "1"), ("placed", "2")):
        pk = go.new(quantity=333, service=service)
        go.submit(pk=pk, plan=plan, die=2)
        go.cancel(pk=pk)
        go.late(pk=pk, number=0)
        go.submit(pk=pk, plan="placed")
        go.wait(seconds=1000)
    pk = go.bought("never", quantity=500)
    go.wait(seconds=100)
    go.cancel(pk=pk)
    go.decide(pk=pk, verdict="not placed")
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
    go.decide(pk=pk, verdict="own money")
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
