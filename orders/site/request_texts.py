"""Refills and cancellations as texts for the customer: their status, why one was rejected, what a button does.

Customers do not read the provider's own texts: each is replaced with one of a few sentences of the panel. Pure.
"""

import re
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from orders.models import Cancellation, Order, Refill
from orders.rules.states import State
from panel.web.formatting import money_text


class RequestStatus(NamedTuple):
    """The status of a request: `label` has a badge, `text` explains it."""

    label: str
    text: str = ""


class ActionButton(NamedTuple):
    """A button with the text that explains exactly what it does, and the label of the button that confirms it."""

    label: str
    text: str
    confirm: str


NO_RESPONSE = _lazy("We couldn't get a response. Contact support and we'll take care of it.")
_REJECTED = _lazy("The request was rejected.")
_REJECTIONS = (
    (r"\bwait\b|\bhours?\b|too (early|soon)|\blater\b", _lazy("It's too early for this request. Try again later.")),
    (r"\bdrop", _lazy("The count hasn't dropped enough for a refill.")),
    (r"expired|\bperiod\b|\bdays?\b|too (late|old)", _lazy("It's too late for this request.")),
    (
        r"\balready\b|under ?way|in progress|completed",
        _lazy("The order has progressed too far, or this was already requested."),
    ),
    (
        r"not (available|possible|allowed|supported)|unavailable|can(no|')t",
        _lazy("This isn't possible for the order right now."),
    ),
)
"""What known rejections of providers mean. The first pattern that matches counts."""


def rejection_text(provider_text: str) -> str:
    """The panel's sentence for a provider's rejection; a plain one where the provider's text is unknown."""
    folded = provider_text.casefold()
    return str(next((text for pattern, text in _REJECTIONS if re.search(pattern, folded)), _REJECTED))


def refill_request_status(refill: Refill) -> RequestStatus:
    """The status of the refill. The notes of staff who closed it are not shown."""
    match Refill.State(refill.state):
        case Refill.State.UNKNOWN if refill.next_at is None:
            return RequestStatus("No response", str(NO_RESPONSE))
        case Refill.State.IN_PROGRESS:
            return RequestStatus("In progress")
        case Refill.State.COMPLETED:
            return RequestStatus("Completed", _("The count has been restored."))
        case Refill.State.REJECTED:
            return RequestStatus("Rejected", rejection_text(refill.reason))
        case _:
            return RequestStatus("Pending")


def cancel_request_status(cancellation: Cancellation, order: Order) -> RequestStatus:
    """The status of the cancellation."""
    match Cancellation.State(cancellation.state):
        case Cancellation.State.WANTED | Cancellation.State.SENDING if order.state == State.ACTIVE:
            text = _("We pass on your request within minutes. The order continues until the cancellation is confirmed.")
            return RequestStatus("Pending", text)
        case Cancellation.State.WANTED | Cancellation.State.SENDING:
            text = _("We process your request once we've confirmed whether the order has started.")
            return RequestStatus("Pending", text)
        case Cancellation.State.ASKED:
            text = _("The undelivered part is refunded to your balance once the order stops.")
            return RequestStatus("Accepted", text)
        case Cancellation.State.UNKNOWN if cancellation.next_at is not None:
            return RequestStatus("Pending", _("We haven't received a response yet. We'll try again automatically."))
        case Cancellation.State.UNKNOWN:
            text = _("We couldn't get a response. If the order still stops, you're refunded automatically.")
            return RequestStatus("No response", text)
        case Cancellation.State.REFUSED:
            return RequestStatus("Rejected", rejection_text(cancellation.reason))
        case Cancellation.State.TOO_LATE:
            text = _("The order was completed before it could be canceled, so there is no refund.")
            return RequestStatus("Too late", text)
        case Cancellation.State.DONE:
            return RequestStatus("Completed")


def cancel_button(order: Order) -> ActionButton:
    """What the cancel button does in the order's state, with the amount where it is known."""
    amount = {"amount": money_text(order.charge - order.refunded, currency=order.currency)}
    if order.state == State.QUEUED:
        text = _("The order is canceled before it starts, and %(amount)s is refunded to your balance now.") % amount
        return ActionButton(_("Cancel order"), text, _("Cancel and refund %(amount)s") % amount)
    if order.state != State.ACTIVE:
        text = _(
            "We're checking whether the order has started. If it hasn't, it's canceled and %(amount)s is refunded to "
            "your balance. If it has, we request a cancellation and refund the undelivered part."
        )
        return ActionButton(_("Cancel order"), text % amount, _("Request cancellation"))
    if order.type == "Subscriptions":
        text = _(
            "We request to stop the subscription. It continues until the stop is confirmed. You pay for the posts "
            "delivered by then, and the rest is refunded to your balance."
        )
        return ActionButton(_("Stop subscription"), text, _("Request stop"))
    text = _(
        "We request a cancellation. Delivery continues until it's confirmed. You pay for what's delivered by then, "
        "and the rest of the %(amount)s is refunded to your balance. If the order completes first, nothing changes."
    )
    return ActionButton(_("Cancel order"), text % amount, _("Request cancellation"))
