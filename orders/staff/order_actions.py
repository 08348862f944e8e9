"""What staff can do with an order in its present state, each action with an explanation of its effect, to the cent."""

from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from orders.aftercare.cancels import cancel_verdicts
from orders.aftercare.refunds import SENT, full_refund, partial_refund
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
    "reviewed": "orders.change_order",
}

REFUNDS = {"partial", "back"}
MOVES_MONEY = {*REFUNDS, "again"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action. `agreed` is the amount named in `explanation`; `blocked` is the reason why it is not possible now."""

    slug: str
    title: str
    button: str = ""
    tone: str = "btn-secondary"
    explanation: str = ""
    agreed: Decimal | None = None
    blocked: str = ""
    asks_reason: bool = True
    asks_remains: bool = False

    @property
    def permission(self) -> str:
        return PERMISSIONS[self.slug]


def actions_of(order: Order, *, remains: int | None = None) -> list[Action]:
    """The actions that the order's state allows, whoever has the permission.

    With `remains` the partial names its refund; raises CannotRefundError where that refund is not possible.
    """
    actions = []
    if order.attention:
        actions.append(_clear_flag(order))
    if order.provider_order_id:
        actions.append(_update(order))
    if order.state not in FINAL:
        actions.append(_cancel(order))
    if order.state in SENT and order.refunded < order.charge:
        actions += [_partial(order, remains), _refund(order)]
    if order.state in {State.CANCELED, State.REJECTED} and order.refunded == order.charge:
        actions.append(_reorder(order))
    return actions


def _clear_flag(order: Order) -> Action:
    explanation = _("Removes the flag “%(flag)s”. Nothing else changes.") % {"flag": order.attention}
    return Action(slug="reviewed", title=_("Mark as reviewed"), button=_("Remove flag"), explanation=explanation)


def _update(order: Order) -> Action:
    explanation = _(
        "Requests the status of order %(id)s from %(provider)s now. The order may be updated and refunded, "
        "but is never charged again."
    ) % {"id": order.provider_order_id, "provider": order.provider}
    return Action(
        slug="update", title=_("Update from provider"), button=_("Update now"), explanation=explanation,
        asks_reason=False,
    )  # fmt: skip


def _cancel(order: Order) -> Action:
    if order.state == State.QUEUED:
        explanation = _("This order was not sent. %(amount)s is refunded to the wallet of %(customer)s.") % {
            "amount": _money(order, order.charge),
            "customer": order.customer,
        }
        return Action(
            slug="cancel", title=_("Cancel"), button=_("Cancel order"), tone="btn-danger", explanation=explanation
        )
    verdict = cancel_verdicts(orders=[order], now=timezone.now())[order.pk]
    explanation = _(
        "Asks %(provider)s to cancel the order. No money moves now: the refund follows when the provider reports "
        "the order as canceled."
    ) % {"provider": order.provider}
    return Action(
        slug="cancel", title=_("Cancel at provider"), button=_("Request cancel"), explanation=explanation,
        blocked=verdict.text,
    )  # fmt: skip


def _partial(order: Order, remains: int | None) -> Action:
    """It asks for the undelivered quantity first; then it names the refund, and asks again."""
    action = Action(
        slug="partial",
        title=_("Set partial"),
        button=_("Preview refund"),
        explanation=_(
            "Ends the order as partial and refunds the undelivered part to %(customer)s. Nothing moves before you "
            "confirm the amount."
        )
        % {"customer": order.customer},
        asks_remains=True,
    )
    if remains is None:
        return action
    amount = partial_refund(order, remains=remains)
    explanation = _(
        "%(remains)s of %(quantity)s were not delivered: %(amount)s is refunded to the wallet of %(customer)s, and "
        "the order ends as partial."
    ) % {
        "remains": f"{remains:,}",
        "quantity": f"{order.quantity:,}",
        "amount": _money(order, amount),
        "customer": order.customer,
    }
    return _refunding(order, action, explanation, amount)


def _refund(order: Order) -> Action:
    amount = full_refund(order)
    explanation = _("%(amount)s is refunded to the wallet of %(customer)s, and the order ends as canceled.") % {
        "amount": _money(order, amount),
        "customer": order.customer,
    }
    return _refunding(order, Action(slug="back", title=_("Refund order")), explanation, amount)


def _refunding(order: Order, action: Action, explanation: str, amount: Decimal) -> Action:
    return replace(
        action,
        button=_("Refund %(amount)s") % {"amount": _money(order, amount)},
        tone="btn-danger",
        explanation=f"{explanation} {_cost_notice(order)}",
        agreed=amount,
    )


def _cost_notice(order: Order) -> str:
    cost = money_text(order.cost, currency=order.provider_currency)
    if order.state == State.ACTIVE:
        text = _("%(provider)s is not stopped and may still deliver: you pay its cost, %(cost)s so far.")
    else:
        text = _("The cost at %(provider)s, %(cost)s, stays as the provider reported it.")
    return text % {"provider": order.provider, "cost": cost}


def _reorder(order: Order) -> Action:
    title = _("Reorder")
    if placed := ordered_as(order):
        return Action(
            slug="again", title=title, blocked=_("Already reordered as order #%(order)d.") % {"order": placed}
        )
    try:
        price = price_now(order)
    except CannotReorderError as error:
        return Action(slug="again", title=title, blocked=str(error))
    values = {"amount": _money(order, price), "customer": order.customer}
    explanation = _(
        "Places a new order with the same service, link and quantity at today's price: %(amount)s is charged to the "
        "wallet of %(customer)s. This order stays as it is."
    )
    button = _("Reorder for %(amount)s")
    return Action(slug="again", title=title, button=button % values, explanation=explanation % values, agreed=price)


def _money(order: Order, amount: Decimal) -> str:
    return money_text(amount, currency=order.currency)
