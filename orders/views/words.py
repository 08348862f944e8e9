"""An order's history and state in the customer's words. Pure: called by the order's page.

Customers read neither the provider's name nor its words, nor what staff note: a kind of event that is not in the table
is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orders.models import OrderEvent, Refill
from orders.states import State


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: `word` gives its colour, `amount` is money that moved."""

    at: datetime
    title: str
    text: str
    word: str
    amount: Decimal | None = None


_WAITING = ("Waiting in line", "It has not started yet. It is tried again by itself.", "Pending")
_ACCEPTED = ("Accepted", "", "Processing")
_TOLD = {
    "ordered": ("Ordered", "taken from your wallet", "Pending"),
    "waits": _WAITING,
    "not placed": _WAITING,
    "accepted": _ACCEPTED,
    "confirmed": _ACCEPTED,
    "doubt": ("Waiting for confirmation", "Whether it has started is being checked. You are charged once.", "Pending"),
    "started": ("Delivery started", "", "In progress"),
    "completed": ("Completed", "", "Completed"),
    "partial": ("Ended early", "", "Partial"),
    "canceled": ("Canceled", "", "Canceled"),
    "rejected": ("Canceled", "It could not be delivered.", "Canceled"),
    "refunded": ("Money given back", "is back in your wallet", "Completed"),
    "refill": ("Refill requested", "", "Pending"),
    "refilled": ("Refilled", "What had dropped is made good.", "Completed"),
    "refill refused": ("Refill not possible", "The request was not accepted.", "Partial"),
}


def timeline(events: Iterable[OrderEvent], *, customer: str) -> list[Moment]:
    """The history, newest first; what repeats in a row is told once. `customer` is how events name the customer."""
    moments: list[Moment] = []
    for event in events:
        if event.what not in _TOLD:
            continue
        title, text, word = _TOLD[event.what]
        if event.what == "partial":
            text = event.why  # the panel's own sentence: how many were not delivered
        elif event.what == "canceled" and event.actor == customer:
            text = "As you asked."
        if not moments or moments[-1].title != title or event.amount is not None:
            moments.append(Moment(event.at, title, text, word, event.amount))
    return moments[::-1]


def state_sentence(state: str, word: str) -> str:
    """What the state means for the customer; empty where the badge says it all."""
    match State(state):
        case State.QUEUED:
            return "It is waiting in line and starts by itself."
        case State.SENDING:
            return "It is being placed right now."
        case State.UNCONFIRMED | State.REVIEW:
            return "Waiting for confirmation: whether it has started is being checked. You are charged once."
        case State.ACTIVE:
            return "It is being delivered." if word == "In progress" else "It is accepted and starts soon."
        case State.PARTIAL:
            return "It ended early. What was not delivered is back in your wallet."
        case _:
            return ""


REFILL_WORDS = {
    Refill.State.WANTED: "Pending",
    Refill.State.SENDING: "Pending",
    Refill.State.UNKNOWN: "Pending",
    Refill.State.PENDING: "Pending",
    Refill.State.IN_PROGRESS: "In progress",
    Refill.State.COMPLETED: "Completed",
    Refill.State.REJECTED: "Rejected",
}
