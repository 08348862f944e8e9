"""A provider with other customers: who orders how often there, how it numbers orders, and what it answers about them.

Everything that is drawn follows the seed. Its time is the test's.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from providers.adapters.base import AddRequest, ItemError, OrderStatus, ReportedStatus
from providers.adapters.errors import RetryLater
from tests.machine.dying import Deaths
from tests.machine.upstream import MILLIONTH, Bought, Upstream

UNKNOWN = ItemError("Incorrect order ID")
NOBODY = "somebody else's"
ENDS = {ReportedStatus.COMPLETED: 0.9, ReportedStatus.PARTIAL: 0.06, ReportedStatus.CANCELED: 0.04}
CURRENCY = "USD"
ROOM = 10**12


@dataclass(frozen=True, slots=True)
class Habits:
    """What a provider is like: orders of all its customers a second, and the part of its answers that are faulty."""

    ids_a_second: float = 0.5
    faults: float = 0.1
    is_random: bool = False
    """Its ids say nothing of when they were given."""
    is_open: bool = False
    """It answers for the orders of all its customers."""


@dataclass
class Market(Upstream):
    """The provider's record: ours in `orders`, everybody's number by `next_id`."""

    habits: Habits = field(default_factory=Habits)
    dice: random.Random = field(default_factory=random.Random)
    at: datetime = field(default_factory=timezone.now)
    begun: dict[str, datetime] = field(default_factory=dict)

    def create(self, request: AddRequest) -> Bought:
        """It has the order from now on, after those of others since the last one."""
        bought = super().create(request)
        self.at = self.begun[bought.id] = timezone.now()
        return bought

    def number(self) -> str:
        return str(self.dice.randrange(ROOM)) if self.habits.is_random else super().number()

    def look(self, ids: Sequence[str]) -> dict[str, OrderStatus | ItemError]:
        """Its answer to a call about these; sometimes none, or one that leaves ids out."""
        kind = self.dice.choice(("none", "missing", "errors")) if self.dice.random() < self.habits.faults else ""
        if kind == "none":
            raise RetryLater("HTTP 502.", reason="broken")
        found = {one: self._answer(one) for one in ids}
        spoiled = self.dice.sample(list(ids), k=max(1, len(ids) // 10)) if kind else []
        for one in spoiled:
            if kind == "missing" and len(ids) > 1:
                del found[one]
            else:
                found[one] = UNKNOWN
        return found

    def _answer(self, number: str) -> OrderStatus | ItemError:
        if number in self.orders:
            return self._status(self.orders[number])
        is_somebodys = self.habits.is_open and number.isdigit() and int(number) <= self.next_id
        return (
            OrderStatus(number, ReportedStatus.PENDING, NOBODY, Decimal(1), 0, 1, CURRENCY) if is_somebodys else UNKNOWN
        )

    def _status(self, bought: Bought) -> OrderStatus:
        """Most take hours; the end of each, and when it comes, is drawn once by its number."""
        dice = random.Random(f"{bought.id} {bought.tag}")
        lasts = timedelta(seconds=dice.lognormvariate(math.log(3 * 3600), 1.5))
        (end,) = dice.choices(list(ENDS), list(ENDS.values()))
        if timezone.now() < self.begun[bought.id] + lasts:
            return bought.status
        kept = {ReportedStatus.COMPLETED: bought.cost, ReportedStatus.PARTIAL: bought.cost / 2}.get(end, Decimal(0))
        return OrderStatus(bought.id, end, end.value, kept.quantize(MILLIONTH), None, 0, CURRENCY)

    def others(self) -> int:
        """Poisson's number for the time since the last of ours, by its normal likeness where they are many."""
        mean = self.habits.ids_a_second * (timezone.now() - self.at).total_seconds()
        if mean > 50:
            return max(0, round(self.dice.gauss(mean, math.sqrt(mean))))
        count, left = 0, self.dice.expovariate(1)
        while left < mean:
            count, left = count + 1, left + self.dice.expovariate(1)
        return count


def market(*, name: str, rates: dict[str, Decimal], habits: Habits, seed: int) -> Market:
    """A provider that nobody has ordered from yet."""
    nothing = lambda *args: None  # noqa: E731
    dice = random.Random(seed)
    return Market(name, rates, Deaths(), nothing, nothing, set, habits=habits, dice=dice)
