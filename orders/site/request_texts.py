"""Refills and cancels in the customer's words: how one stands, why it was refused, what a button will do. Pure.

Customers do not read the provider's own words: what it says is told in one of a few sentences of ours.
"""

import re
from typing import NamedTuple

from orders.models import Cancellation, Order, Refill
from orders.rules.states import State
from panel.web.formatting import money_text


class Words(NamedTuple):
    """How a request stands: `word` has a badge of its own, `text` says what follows."""

    word: str
    text: str = ""


class Button(NamedTuple):
    """What may be asked for, and exactly what will happen then."""

    label: str
    text: str
    confirm: str


_REFUSED = "The request was not accepted."
_REFUSALS = (
    (r"\bwait\b|\bhours?\b|too (early|soon)|\blater\b", "It is too early for that: try again later."),
    (r"\bdrop", "The count has not dropped far enough for that."),
    (r"expired|\bperiod\b|\bdays?\b|too (late|old)", "The time for that is over."),
    (r"\balready\b|under ?way|in progress|completed", "The order is too far along for that, or it was asked already."),
    (r"not (available|possible|allowed|supported)|unavailable|can(no|')t", "That is not possible for this order now."),
)
"""What known refusals say. The first that fits is told."""


def refusal_sentence(said: str) -> str:
    """A provider's refusal as a sentence of ours; a plain one where we do not know its words."""
    folded = said.casefold()
    return next((ours for pattern, ours in _REFUSALS if re.search(pattern, folded)), _REFUSED)


def refill_words(refill: Refill) -> Words:
    """How the refill stands. What staff wrote when they closed one is theirs."""
    match Refill.State(refill.state):
        case Refill.State.UNKNOWN if refill.next_at is None:
            return Words("No answer", "It was asked for several times. Write to us, and we look after it.")
        case Refill.State.IN_PROGRESS:
            return Words("In progress")
        case Refill.State.COMPLETED:
            return Words("Completed", "What had dropped is made good.")
        case Refill.State.REJECTED:
            return Words("Rejected", refusal_sentence(refill.why))
        case _:
            return Words("Pending")


def cancel_words(wish: Cancellation, order: Order) -> Words:
    """How the wish to cancel stands."""
    match Cancellation.State(wish.state):
        case Cancellation.State.WANTED | Cancellation.State.SENDING if order.state == State.ACTIVE:
            return Words("Pending", "It is passed on within minutes. Until the stop is confirmed the order goes on.")
        case Cancellation.State.WANTED | Cancellation.State.SENDING:
            return Words("Pending", "It is kept until it is clear whether the order has started.")
        case Cancellation.State.ASKED:
            return Words("Accepted", "What was not delivered comes back to your wallet once the order has stopped.")
        case Cancellation.State.UNKNOWN if wish.next_at is not None:
            return Words("Pending", "It was passed on without a clear answer, and is asked again by itself.")
        case Cancellation.State.UNKNOWN:
            text = "There was no clear answer to it. If the order stops all the same, its money comes back by itself."
            return Words("No answer", text)
        case Cancellation.State.REFUSED:
            return Words("Refused", refusal_sentence(wish.why))
        case Cancellation.State.TOO_LATE:
            return Words("Too late", "The order was delivered first, so nothing comes back.")
        case Cancellation.State.DONE:
            return Words("Done")


def cancel_button(order: Order) -> Button:
    """What the button to cancel does in the order's state, to the cent where that is known."""
    left = money_text(order.charge - order.refunded, currency=order.currency)
    if order.state == State.QUEUED:
        text = f"Order {order.pk} ends now, before anything is delivered. {left} goes back to your wallet at once."
        return Button("Cancel this order", text, f"Cancel and give back {left}")
    if order.state != State.ACTIVE:
        text = (
            f"Whether the order has started is being checked. If it has not, it ends and {left} goes back to your "
            "wallet. If it has, we ask for it to be stopped, and what is not delivered by then comes back."
        )
        return Button("Cancel this order", text, "Ask to cancel")
    if order.type == "Subscriptions":
        text = (
            "We ask for the subscription to be stopped. It goes on until the stop is confirmed: the posts delivered "
            "by then are paid for, and the rest comes back to your wallet."
        )
        return Button("Stop the subscription", text, "Ask to stop")
    text = (
        "We ask for the delivery to be stopped. It goes on until the stop is confirmed: what is delivered by then is "
        f"paid for, and the rest of the {left} comes back to your wallet. It may come too late; then nothing changes."
    )
    return Button("Cancel this order", text, "Ask to cancel")
