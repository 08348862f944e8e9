"""Who walks: step by step, with every check after each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.machine import checks
from tests.machine.receivers import Receivers
from tests.machine.selling import Said

WALKS: dict[str, Callable[["Walker"], None]] = {}


class Walker:
    """Takes steps one by one; words shorter than the machine's own."""

    def __init__(self, world: Receivers) -> None:
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
    """Have it taken under its name."""
    WALKS[taken.__name__] = taken
    return taken
