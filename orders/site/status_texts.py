"""An order's history and state in the customer's words; request_words has those of refills and cancels. Pure.

Customers read neither the provider's name nor its words, nor what staff note: a kind of event that is not in the table
is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orders.models import OrderEvent
from orders.rules.states import State
from orders.site.request_texts import refusal_sentence


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: `word` gives its colour, `amount` is money that moved."""

    at: datetime
    title: str
    text: str
    word: str
    amount: Decimal | None = None


_WAITING = ("Waiting in line", "It has not started yet. It is tried again by itself.", "Pending")
_ACCEPTED = ("Accepted", "It is sent and has been taken.", "Processing")
_UNANSWERED = "It was asked for several times. Write to us, and we look after it."
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
    "refill refused": ("Refill not possible", "", "Partial"),
    "refill unanswered": ("Refill not answered", _UNANSWERED, "Partial"),
    "cancel asked": ("Cancel requested", "", "Pending"),
    "cancel taken": ("Cancel accepted", "What was not delivered comes back once the order has stopped.", "Processing"),
    "cancel refused": ("Cancel refused", "", "Partial"),
    "cancel unanswered": ("Cancel not answered", f"It may be canceled all the same. {_UNANSWERED}", "Partial"),
    "cancel late": ("Cancel came too late", "The order was delivered first.", "Partial"),
}
_REFUSALS = {"refill refused", "cancel refused"}
_COUNTED_WITH = {"started", "completed", "partial"}


def timeline(events: Iterable[OrderEvent], *, customer: str, start_count: int | None = None) -> list[Moment]:
    """The history, newest first; what repeats in a row is told once. `customer` is how events name the customer.

    The count at the start is told where the delivery is first spoken of.
    """
    moments: list[Moment] = []
    counted = "" if start_count is None else f"The count at the start was {start_count:,}."
    for event in events:
        if event.what not in _TOLD:
            continue
        title, text, word = _TOLD[event.what]
        text = _own_text(event, customer) or text
        if counted and event.what in _COUNTED_WITH:
            text, counted = f"{text} {counted}".strip(), ""
        if not moments or moments[-1].title != title or event.amount is not None:
            moments.append(Moment(event.at, title, text, word, event.amount))
    return moments[::-1]


def _own_text(event: OrderEvent, customer: str) -> str:
    """What is told of this very event; empty where all of its kind read alike."""
    if event.what == "partial":
        return event.why  # the panel's own sentence: how many were not delivered
    if event.what == "canceled" and event.actor == customer:
        return "As you asked."
    if event.what in _REFUSALS:
        return refusal_sentence("" if event.actor else event.why)  # what staff note is theirs
    return ""


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
