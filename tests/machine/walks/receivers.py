"""Walks through what customers' programs hear of changes."""

from typing import Any

from tests.machine.receivers import PROGRAMS, RESTS
from tests.machine.walks.walker import Walker, walk


def _news(go: Walker, customer: str = "ada") -> None:
    """Two changes of an order that the customer hears of: canceled, and the money back."""
    go.cancel(pk=go.new(quantity=100, customer=customer))


def _hooks(go: Walker) -> None:
    for customer in ("ada", "bob"):
        go.hook(customer=customer, address=1)
        for _ in range(3):
            _news(go, customer)


@walk
def messages_in_order(go: Walker) -> None:
    """A message that failed is first again, whatever lifts the rest after its failure."""
    _hooks(go)
    go.deliver(programs={"ada": ["ok", "fails"]})
    _news(go)
    lifts: list[tuple[str, dict[str, Any]]] = [
        ("test_message", {"customer": "ada"}),
        ("message_again", {"customer": "ada", "pick": 0}),
        ("hook", {"customer": "ada", "address": 1}),
        ("wait", {"seconds": 1000}),
    ]
    for lift, given in lifts:
        getattr(go, lift)(**given)
        go.deliver(programs={"ada": ["fails"]})
    go.deliver(programs={})
    for _ in range(2):
        go.test_message(customer="ada")
    go.wait(seconds=8000)
    go.deliver(programs={})


@walk
def changed_meanwhile(go: Walker) -> None:
    """Whatever happens while a message is under way."""
    _hooks(go)
    for plan in PROGRAMS:
        go.hook(customer="ada", address=1)
        for plans in ([], [plan]):  # the first one proves again that it is quick
            go.wait(seconds=8000)
            _news(go)
            go.deliver(programs={"ada": plans})
        _news(go)
        _news(go)
        go.deliver(programs={})
        go.wait(seconds=61)
        go.deliver(programs={})


@walk
def last_try(go: Walker) -> None:
    """After the last failing try it is paused; where the address has changed meanwhile, it is not."""
    _hooks(go)
    for last in (["fails"], ["moved"]):
        for rest in RESTS:
            go.deliver(programs={"ada": ["fails"]})
            go.wait(seconds=int(rest.total_seconds()) + 1)
        go.deliver(programs={"ada": last})
        go.hook(customer="ada", address=3)
        go.deliver(programs={})
        _news(go)
        _news(go)
    go.news_for_paused(customer="bob")


@walk
def ahead_in_delivery(go: Walker) -> None:
    """A clock that is ahead while a program fails, and while a worker dies, holds up nobody afterwards."""
    _hooks(go)
    for plan in ("fails", "dead worker"):
        go.wait(seconds=100)
        go.ahead(days=30, step="deliver", given={"programs": {"ada": [plan]}})
        go.deliver(programs={})
        _news(go)
