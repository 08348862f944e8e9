"""The history and the status of an order as texts for its customer; request_texts has those of refills and cancels.

Customers read neither the provider's name and texts nor the notes of staff: a kind of event that is not in the table
is left out. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from orders.models import OrderEvent
from orders.rules.states import State
from orders.site.request_texts import NO_RESPONSE, rejection_text
from panel.lib.money import ZERO
from panel.web.formatting import money_text

Text = str | Promise


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the timeline. `status` gives its color."""

    at: datetime
    title: str
    text: str
    status: str


_QUEUED = (_lazy("Queued"), _lazy("The order hasn't started yet. We'll try again automatically."), "Pending")
_ACCEPTED = (_lazy("Accepted"), _lazy("The supplier has accepted the order."), "Processing")
_ENTRIES: dict[str, tuple[Text, Text, str]] = {
    "ordered": (_lazy("Order placed"), _lazy("%(amount)s was charged to your balance."), "Pending"),
    "waits": _QUEUED,
    "not placed": _QUEUED,
    "accepted": _ACCEPTED,
    "confirmed": _ACCEPTED,
    "doubt": (
        _lazy("Confirming"),
        _lazy("We're confirming this order with the supplier. You won't be charged twice."),
        "Pending",
    ),
    "started": (_lazy("Delivery started"), "", "In progress"),
    "completed": (_lazy("Completed"), "", "Completed"),
    "partial": (_lazy("Partially completed"), "", "Partial"),
    "canceled": (_lazy("Canceled"), "", "Canceled"),
    "rejected": (_lazy("Canceled"), _lazy("We couldn't deliver this order."), "Canceled"),
    "refunded": (_lazy("Refunded"), _lazy("%(amount)s was refunded to your balance."), "Completed"),
    "refill": (_lazy("Refill requested"), "", "Pending"),
    "refilled": (_lazy("Refill completed"), _lazy("The count has been restored."), "Completed"),
    "refill refused": (_lazy("Refill rejected"), "", "Partial"),
    "refill unanswered": (_lazy("Refill not confirmed"), NO_RESPONSE, "Partial"),
    "cancel asked": (_lazy("Cancellation requested"), "", "Pending"),
    "cancel taken": (
        _lazy("Cancellation accepted"),
        _lazy("The undelivered part is refunded once the order stops."),
        "Processing",
    ),
    "cancel refused": (_lazy("Cancellation rejected"), "", "Partial"),
    "cancel unanswered": (
        _lazy("Cancellation not confirmed"),
        _lazy("We couldn't get a response. If the order still stops, you're refunded automatically."),
        "Partial",
    ),
    "cancel late": (_lazy("Cancellation too late"), _lazy("The order was already completed."), "Partial"),
}
"""By the kind of an event: title, text, and the status that gives the color."""
_REJECTIONS = {"refill refused", "cancel refused"}
_WITH_START_COUNT = {"started", "completed", "partial"}


def timeline(
    events: Iterable[OrderEvent], *, customer: str, currency: str, start_count: int | None = None
) -> list[TimelineEntry]:
    """The history, newest first, with repeated entries merged. `customer` is the customer's name in events.

    The start count is shown with the first entry about the delivery.
    """
    entries: list[TimelineEntry] = []
    start_text = "" if start_count is None else _("Start count: %(count)s.") % {"count": f"{start_count:,}"}
    for event in events:
        if event.what not in _ENTRIES:
            continue
        title, default_text, status = _ENTRIES[event.what]
        amount = money_text(event.amount or ZERO, currency=currency)
        text = _event_text(event, customer) or str(default_text) % {"amount": amount}
        if start_text and event.what in _WITH_START_COUNT:
            text, start_text = f"{text} {start_text}".strip(), ""
        if not entries or entries[-1].title != title or event.amount is not None:
            entries.append(TimelineEntry(event.at, str(title), text, status))
    return entries[::-1]


def _event_text(event: OrderEvent, customer: str) -> str:
    """The text of this very event; empty where all events of its kind have the same one."""
    if event.what == "partial":
        return event.reason  # written by the panel: how many were not delivered
    if event.what == "canceled" and event.actor == customer:
        return _("At your request.")
    if event.what in _REJECTIONS:
        return rejection_text("" if event.actor else event.reason)  # notes of staff are not for customers
    return ""


def status_text(state: str, status: str) -> str:
    """What the order's state means for the customer; empty where the badge is enough."""
    match State(state):
        case State.QUEUED:
            return _("The order is queued and starts automatically.")
        case State.SENDING:
            return _("We're placing the order with the supplier.")
        case State.UNCONFIRMED | State.REVIEW:
            return _("We're confirming this order with the supplier. You won't be charged twice.")
        case State.ACTIVE if status == "In progress":
            return _("Delivery is in progress.")
        case State.ACTIVE:
            return _("The supplier has accepted the order. Delivery starts soon.")
        case State.PARTIAL:
            return _("The order was partially completed. The undelivered part was refunded to your balance.")
        case _:
            return ""
