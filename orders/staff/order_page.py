"""An order as staff see it: every fact, its whole history, and what may be done with it, each by one domain call."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders.aftercare.cancels import CannotCancelError, request_cancel
from orders.aftercare.refunds import CannotGiveBackError, give_all_back, set_partial
from orders.models import Order
from orders.placing.reorder import CannotReorderError, reorder
from orders.rules.states import DOUBTFUL, State
from orders.site.field_texts import field_rows
from orders.site.service_picker import read_id
from orders.staff.order_actions import MOVES_MONEY, PERMISSIONS, REFUNDS, Action, actions_of
from orders.tracking.poll import CannotAskError
from orders.tracking.refresh_order import RefreshResult, refresh_order
from orders.unconfirmed.decisions import clear_attention
from panel.lib.money import AmountError, parse_amount
from panel.ops.admin_forms.base import actor_of
from panel.wallet.approvals.own_money import OwnMoneyError, is_same_person
from panel.wallet.approvals.requests import keep_request
from panel.wallet.approvals.second_approval import SecondApprovalNeededError
from panel.wallet.models import Transfer
from panel.web.access import confirm_it_is_you, need, staff_only
from panel.web.formatting import money_text
from panel.web.text_input import read_reason, read_words
from providers.adapters.base import OrderStatus

MOST_EVENTS = 200
REFUSALS = (CannotAskError, CannotCancelError, CannotGiveBackError, CannotReorderError, OwnMoneyError)


class BadEntryError(Exception):
    """What was entered is missing or makes no sense. The message is for the person."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered for an action, and why it was not carried out; an empty `error` where it waits for a yes."""

    slug: str = ""
    reason: str = ""
    remains: str = ""
    error: str = ""


@staff_only("orders.view_order")
@require_safe
def staff_order(request: HttpRequest, order_id: int) -> HttpResponse:
    """The order's page."""
    return _page(request, _find(order_id), Entered())


@staff_only("orders.view_order")
@require_POST
def act(request: HttpRequest, order_id: int, slug: str) -> HttpResponse:
    """Carry out an action; where it is refused, or must be confirmed first, the page again."""
    if slug not in PERMISSIONS:
        raise Http404
    need(request, PERMISSIONS[slug])
    if slug in MOVES_MONEY:
        confirm_it_is_you(request, keeps_form=True)
    order = _find(order_id)
    entered = Entered(slug, read_reason(request), read_words(request.POST, "remains", longest=18))
    try:
        if slug != "update" and not entered.reason:
            raise BadEntryError("Say why: the reason is kept with the order.")
        if slug == "partial" and "agreed" not in request.POST:
            actions_of(order, remains=_remains(entered))  # refused here already where nothing would go back
            return _page(request, order, entered)
        said = _carry_out(request, order, entered)
    except (BadEntryError, *REFUSALS) as error:
        order = _find(order_id)
        return _page(request, order, Entered(slug, entered.reason, entered.remains, str(error)), status=422)
    except SecondApprovalNeededError as needed:
        messages.warning(request, keep_request(needed, actor=actor_of(request), now=timezone.now()))
        return redirect("staff_order", order.pk)
    messages.success(request, f"Order {order.pk}: {said}")
    return redirect("staff_order", order.pk)


def _carry_out(request: HttpRequest, order: Order, entered: Entered) -> str:
    """One domain call; what became of it, in words."""
    who: dict[str, Any] = {"actor": actor_of(request), "reason": entered.reason}
    match entered.slug:
        case "update":
            return _update_words(refresh_order(order_id=order.pk, actor=who["actor"]))
        case "cancel":
            request_cancel(order_id=order.pk, **who)
            return _cancel_words(_find(order.pk))
        case "partial":
            agreed = _agreed(request)
            set_partial(order_id=order.pk, remains=_remains(entered), agreed=agreed, **who)
            return f"{_money(order, agreed)} went back to {order.customer}. It is partial now."
        case "back":
            agreed = _agreed(request)
            give_all_back(order_id=order.pk, agreed=agreed, **who)
            return f"{_money(order, agreed)} went back to {order.customer}. It is canceled now."
        case "again":
            placement = reorder(order_id=order.pk, agreed=_agreed(request), **who)
            if not placement.is_new:
                return f"it had been ordered again already, as order {placement.order.pk}. Nothing was charged."
            return f"it is ordered again as order {placement.order.pk}, for {_money(order, placement.order.charge)}."
        case _:
            clear_attention(order_id=order.pk, **who)
            return "it is not flagged any more."


def _update_words(looked: RefreshResult) -> str:
    order, answer = looked.after, looked.answer
    if not isinstance(answer, OrderStatus):
        return f"{order.provider} does not know it{f': {answer.text}' if answer else ''}. Nothing was changed."
    remain = "" if answer.remains is None else f", {answer.remains:,} of {order.quantity:,} remain"
    said = f"{order.provider} says “{answer.raw}”{remain}."
    back = order.refunded - looked.before.refunded
    state = f"is {order.state} now" if order.state != looked.before.state else f"stays {order.state}"
    money = f", and {_money(order, back)} went back to its customer" if back else ""
    return f"{said} It {state}{money}."


def _cancel_words(order: Order) -> str:
    if order.state == State.CANCELED:
        return f"it is canceled. {_money(order, order.charge)} went back to {order.customer}."
    return f"{order.provider} is asked to cancel it. No money has moved yet."


def _remains(entered: Entered) -> int:
    remains = read_id(entered.remains)
    if remains is None:
        raise BadEntryError("Enter how many remain, as a whole number.")
    return remains


def _agreed(request: HttpRequest) -> Decimal:
    try:
        return parse_amount(request.POST.get("agreed", ""))
    except AmountError:
        raise BadEntryError("This page was out of date. Look at it again, then decide.") from None


def _find(order_id: int) -> Order:
    return get_object_or_404(Order.objects.select_related("customer", "service", "provider"), pk=order_id)


def _money(order: Order, amount: Decimal) -> str:
    return money_text(amount, currency=order.currency)


def _page(request: HttpRequest, order: Order, entered: Entered, *, status: int = 200) -> HttpResponse:
    cost, actions = order.cost_in_shop, _allowed(request, order, entered)
    is_offered = entered.slug in {action.slug for action in actions if not action.blocked}
    context = {
        "order": order,
        "is_doubtful": order.state in DOUBTFUL,
        "events": order.events.order_by("-pk")[:MOST_EVENTS],
        "attempts": order.attempts.select_related("probe", "provider").order_by("number"),
        "moves": _moves(order),
        "refills": order.refills.order_by("-pk"),
        "cancellations": order.cancellations.order_by("-pk"),
        "field_rows": field_rows(type_name=order.type, fields=order.fields),
        "cost_in_shop": cost,
        "profit": order.captured - cost,
        "actions": actions,
        "entered": entered,
        "refused": "" if is_offered else entered.error,
    }
    return render(request, "staff/order.html", context, status=status)


def _allowed(request: HttpRequest, order: Order, entered: Entered) -> list[Action]:
    waits_for_yes = entered.slug == "partial" and not entered.error
    actions = actions_of(order, remains=_remains(entered) if waits_for_yes else None)
    if is_same_person(actor=actor_of(request), customer=order.customer):
        actions = [replace(one, blocked=str(OwnMoneyError())) if one.slug in REFUNDS else one for one in actions]
    return [action for action in actions if request.user.has_perm(action.permission)]


def _moves(order: Order) -> QuerySet[Any]:
    moves: QuerySet[Any] = Transfer.objects.filter(cause=f"order:{order.pk}").select_related("source", "target")
    return moves.order_by("pk")
