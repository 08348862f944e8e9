"""What staff may do with an order as it stands, each in words that say what follows from it, to the cent."""

from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils import timezone

from orders.aftercare.cancels import cancel_verdicts
from orders.aftercare.refunds import SENT, adds_all, adds_partial
from orders.models import Order
from orders.placing.reorder import CannotReorderError, ordered_as, price_now
from orders.rules.states import FINAL, State
from panel.web.formatting import money_text

PERMISSIONS = {
    "update": "orders.change_order",
    "cancel": "orders.change_order",
    "partial": "orders.refund_order",
    "back": "orders.refund_order",
    "again": "orders.change_order",
    "looked": "orders.change_order",
}

REFUNDS = {"partial", "back"}
MOVES_MONEY = {*REFUNDS, "again"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do. `agreed` is the money that `words` speak of; `blocked` says why it cannot be done now."""

    slug: str
    title: str
    button: str = ""
    tone: str = "btn-secondary"
    words: str = ""
    agreed: Decimal | None = None
    blocked: str = ""
    asks_reason: bool = True
    asks_remains: bool = False

    @property
    def permission(self) -> str:
        return PERMISSIONS[self.slug]


def actions_of(order: Order, *, remains: int | None = None) -> list[Action]:
    """What the order's state allows, for whoever has the permission.

    With `remains` its partial is told in money; raises CannotGiveBackError where that cannot be.
    """
    found = []
    if order.attention:
        found.append(_looked(order))
    if order.provider_order_id:
        found.append(_update(order))
    if order.state not in FINAL:
        found.append(_cancel(order))
    if order.state in SENT and order.refunded < order.charge:
        found += [_partial(order, remains), _back(order)]
    if order.state in {State.CANCELED, State.REJECTED} and order.refunded == order.charge:
        found.append(_again(order))
    return found


def _looked(order: Order) -> Action:
    words = f"It is no longer flagged with “{order.attention}”. Nothing else changes."
    return Action(slug="looked", title="I have looked at it", button="Take the flag away", words=words)


def _update(order: Order) -> Action:
    words = (
        f"{order.provider} is asked for {order.provider_order_id} now. What it says is settled as ever: money may go "
        "back, and none is taken."
    )
    return Action(slug="update", title="Update from provider", button="Ask now", words=words, asks_reason=False)


def _cancel(order: Order) -> Action:
    if order.state == State.QUEUED:
        words = f"It was not sent. {_money(order, order.charge)} goes back into the wallet of {order.customer}."
        return Action(slug="cancel", title="Cancel", button="Cancel the order", tone="btn-danger", words=words)
    verdict = cancel_verdicts(orders=[order], now=timezone.now())[order.pk]
    words = f"{order.provider} is asked to stop it. No money moves now: what it says became of it decides."
    return Action(slug="cancel", title="Ask the provider to cancel", button="Ask", words=words, blocked=verdict.text)


def _partial(order: Order, remains: int | None) -> Action:
    """First it asks how many remain; then it says what that comes to, and asks again."""
    action = Action(
        slug="partial",
        title="Set partial",
        button="See what goes back",
        words=f"It ends as partial, and what was not delivered goes back to {order.customer}. Nothing moves yet.",
        asks_remains=True,
    )
    if remains is None:
        return action
    adds = adds_partial(order, remains=remains)
    words = (
        f"{remains:,} of {order.quantity:,} were not delivered: {_money(order, adds)} goes back into the wallet of "
        f"{order.customer}, and the order ends as partial. {_provider_words(order)}"
    )
    return replace(action, button=f"Give {_money(order, adds)} back", tone="btn-danger", words=words, agreed=adds)


def _back(order: Order) -> Action:
    adds = adds_all(order)
    words = (
        f"{_money(order, adds)} goes back into the wallet of {order.customer}, and the order ends as canceled. "
        f"{_provider_words(order)}"
    )
    return Action(
        slug="back", title="Give all of the money back", button=f"Give {_money(order, adds)} back", tone="btn-danger",
        words=words, agreed=adds,
    )  # fmt: skip


def _provider_words(order: Order) -> str:
    cost = money_text(order.cost, currency=order.provider_currency)
    if order.state == State.ACTIVE:
        return f"{order.provider} is not stopped by that and may deliver it: the cost, {cost} so far, is ours."
    return f"What it cost at {order.provider}, {cost}, stays as {order.provider} says."


def _again(order: Order) -> Action:
    title = "Order it again"
    if placed := ordered_as(order):
        return Action(slug="again", title=title, blocked=f"It was ordered again as order {placed}.")
    try:
        price = price_now(order)
    except CannotReorderError as error:
        return Action(slug="again", title=title, blocked=str(error))
    words = (
        f"A new order of the same service, link and quantity at today's price: {_money(order, price)} is taken from "
        f"the wallet of {order.customer}. This one stays as it is."
    )
    button = f"Order again for {_money(order, price)}"
    return Action(slug="again", title=title, button=button, words=words, agreed=price)


def _money(order: Order, amount: Decimal) -> str:
    return money_text(amount, currency=order.currency)
