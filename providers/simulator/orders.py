"""The life of one order and of one refill at this provider: pure functions of the time that is passed in."""

from dataclasses import dataclass, field
from typing import Any

PENDING, RUNNING, COMPLETED, PARTIAL, CANCELED = "Pending", "In progress", "Completed", "Partial", "Canceled"
FINAL = frozenset((COMPLETED, PARTIAL, CANCELED))
PENDING_SHARE = 0.1
"""The part of an order's duration in which nothing is delivered yet."""


@dataclass(slots=True)
class Order:
    """An order that really was created. Amounts are in millionths, times in seconds of the engine's clock.

    `quantity` counts all runs; `planned` units are delivered, evenly, until `created_at + duration`. At `ends_at` it
    is over: `ending` is its last word and `left` what was not delivered. `kept` is the charge less what was returned.
    `forced` holds what the answer is made to say instead.
    """

    id: int
    service: str
    type: str
    link: str
    quantity: int
    charge: int
    kept: int
    created_at: float
    duration: float
    planned: int
    ends_at: float
    ending: str = COMPLETED
    left: int = 0
    start_count: int = 0
    runs: int = 0
    parent: int = 0
    canceling: bool = False
    returned: bool = False
    children: list[int] = field(default_factory=list)
    forced: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


def progress(order: Order, now: float) -> tuple[str, int]:
    """The order's word and what remains at `now`, before anything forced."""
    if now >= order.ends_at:
        return order.ending, order.left
    begin = order.created_at + order.duration * PENDING_SHARE
    if now < begin:
        return PENDING, order.quantity
    delivering = order.duration * (1 - PENDING_SHARE)
    delivered = int(order.planned * (now - begin) / delivering) if delivering > 0 else order.planned
    return RUNNING, order.quantity - min(delivered, order.planned)


def word_of(order: Order, now: float) -> str:
    """The word that the provider says, forced or not."""
    return str(order.forced.get("status", progress(order, now)[0]))


def plan_ending(order: Order, *, word: str, left: int) -> None:
    """Decide when the order is new how it will end."""
    order.ending, order.left = word, left
    order.planned = order.quantity - left


def end_early(order: Order, *, at: float) -> None:
    """The order ends at `at`: Canceled if nothing is delivered by then, else Partial, or Completed if all is."""
    left = progress(order, at)[1]
    order.ends_at, order.left = at, left
    order.ending = CANCELED if left == order.quantity else PARTIAL if left else COMPLETED


def kept_of(order: Order) -> int:
    """What the provider keeps of the charge once the order has ended with `left` undelivered."""
    if order.ending == CANCELED:
        return 0
    return order.charge - order.charge * order.left // order.quantity


@dataclass(slots=True)
class Refill:
    """A refill that was taken in; `forced` is the word it is made to answer."""

    id: int
    order: int
    created_at: float
    duration: float
    ending: str
    forced: str = ""


def parse_refill_status(refill: Refill, now: float) -> str:
    """The refill's word at `now`."""
    if refill.forced:
        return refill.forced
    age = now - refill.created_at
    if age >= refill.duration:
        return refill.ending
    return RUNNING if age >= refill.duration * PENDING_SHARE else PENDING
