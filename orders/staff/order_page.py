"""The staff page of an order: its details, its full history, and the actions on it, each by one domain call."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from orders.aftercare.cancels import CannotCancelError, request_cancel
from orders.aftercare.refunds import CannotRefundError, refund_all, set_partial
from orders.models import Order
from orders.placing.place import Placement
from orders.placing.reorder import CannotReorderError, reorder
from orders.rules.states import UNCONFIRMED_STATES, State
from orders.site.field_texts import field_rows
from orders.site.service_picker import read_id
from orders.staff.order_actions import MOVES_MONEY, PERMISSIONS, REFUNDS, Action, actions_of
from orders.tracking.poll import CannotAskError
from orders.tracking.refresh_order import RefreshResult, refresh_order
from orders.unconfirmed.decisions import clear_flag
from panel.lib.money import AmountError, parse_amount
from panel.ops.admin_forms.base import actor_of
from panel.wallet.approvals.own_money import OwnMoneyError, is_same_person
from panel.wallet.approvals.requests import keep_request
from panel.wallet.approvals.second_approval import SecondApprovalNeededError
from panel.wallet.models import Transfer
from panel.web.access import confirm_it_is_you, need, staff_only
from panel.web.formatting import money_text
from panel.web.icons import badge_of
from panel.web.text_input import read_reason, read_text
from providers.adapters.base import OrderStatus

MAX_EVENTS = 200
REFUSALS = (CannotAskError, CannotCancelError, CannotRefundError, CannotReorderError, OwnMoneyError)


class BadEntryError(Exception):
    """An entry of the form is missing or invalid. The message is for the person."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered for an action, and why it failed; `error` is empty while the action waits to be confirmed."""

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
    """Carry out an action, or show the page again where it is refused or must be confirmed first."""
    if slug not in PERMISSIONS:
        raise Http404
    need(request, PERMISSIONS[slug])
    if slug in MOVES_MONEY:
        confirm_it_is_you(request, keeps_form=True)
    order = _find(order_id)
    entered = Entered(slug, read_reason(request), read_text(request.POST, "remains", max_length=18))
    try:
        if slug != "update" and not entered.reason:
            raise BadEntryError(_("Enter a reason. It is saved with the order."))
        if slug == "partial" and "agreed" not in request.POST:
            actions_of(order, remains=_remains(entered))  # raises already here where nothing would be refunded
            return _page(request, order, entered)
        message = _carry_out(request, order, entered)
    except (BadEntryError, *REFUSALS) as error:
        order = _find(order_id)
        return _page(request, order, Entered(slug, entered.reason, entered.remains, str(error)), status=422)
    except SecondApprovalNeededError as needed:
        messages.warning(request, keep_request(needed, actor=actor_of(request), now=timezone.now()))
        return redirect("staff_order", order.pk)
    messages.success(request, message)
    return redirect("staff_order", order.pk)


def _carry_out(request: HttpRequest, order: Order, entered: Entered) -> str:
    """Make one domain call; the message that says what it did."""
    who: dict[str, Any] = {"actor": actor_of(request), "reason": entered.reason}
    match entered.slug:
        case "update":
            return _update_message(refresh_order(order_id=order.pk, actor=who["actor"]))
        case "cancel":
            request_cancel(order_id=order.pk, **who)
            return _cancel_message(_find(order.pk))
        case "partial":
            agreed = _agreed(request)
            set_partial(order_id=order.pk, remains=_remains(entered), agreed=agreed, **who)
            return _refund_message(
                order, agreed, _("Order #%(order)d is partial. %(amount)s refunded to %(customer)s.")
            )
        case "back":
            agreed = _agreed(request)
            refund_all(order_id=order.pk, agreed=agreed, **who)
            return _refund_message(
                order, agreed, _("Order #%(order)d is canceled. %(amount)s refunded to %(customer)s.")
            )
        case "again":
            return _reorder_message(order, reorder(order_id=order.pk, agreed=_agreed(request), **who))
        case _:
            clear_flag(order_id=order.pk, **who)
            return _("Order #%(order)d is no longer flagged.") % {"order": order.pk}


def _update_message(result: RefreshResult) -> str:
    order, answer = result.after, result.answer
    values = {"order": order.pk, "provider": order.provider}
    if not isinstance(answer, OrderStatus):
        if not answer:
            return _("%(provider)s does not know order #%(order)d. Nothing was changed.") % values
        text = _("%(provider)s does not know order #%(order)d: %(error)s. Nothing was changed.")
        return text % {**values, "error": answer.text}
    sentences = [_("Order #%(order)d: %(provider)s reports “%(status)s”.") % {**values, "status": answer.raw}]
    if answer.remains is not None:
        remain = {"remains": f"{answer.remains:,}", "quantity": f"{order.quantity:,}"}
        sentences.append(_("%(remains)s of %(quantity)s remaining.") % remain)
    changed = (
        _("The order is now %(state)s.") if order.state != result.before.state else _("The order stays %(state)s.")
    )
    sentences.append(changed % {"state": badge_of(order.state).label})
    refunded = order.refunded - result.before.refunded
    if refunded:
        sentences.append(_("%(amount)s was refunded to the customer.") % {"amount": _money(order, refunded)})
    return " ".join(sentences)


def _cancel_message(order: Order) -> str:
    if order.state == State.CANCELED:
        return _refund_message(
            order, order.charge, _("Order #%(order)d is canceled. %(amount)s refunded to %(customer)s.")
        )
    text = _("Order #%(order)d: cancel requested from %(provider)s. No money has moved yet.")
    return text % {"order": order.pk, "provider": order.provider}


def _refund_message(order: Order, amount: Decimal, text: str) -> str:
    return text % {"order": order.pk, "amount": _money(order, amount), "customer": order.customer}


def _reorder_message(order: Order, placement: Placement) -> str:
    values = {"order": order.pk, "new": placement.order.pk, "amount": _money(order, placement.order.charge)}
    if not placement.is_new:
        return _("Order #%(order)d was already reordered as order #%(new)d. Nothing was charged.") % values
    return _("Order #%(order)d is reordered as order #%(new)d for %(amount)s.") % values


def _remains(entered: Entered) -> int:
    remains = read_id(entered.remains)
    if remains is None:
        raise BadEntryError(_("Enter the undelivered quantity as a whole number."))
    return remains


def _agreed(request: HttpRequest) -> Decimal:
    try:
        return parse_amount(request.POST.get("agreed", ""))
    except AmountError:
        raise BadEntryError(_("This page was out of date. Check it again, then decide.")) from None


def _find(order_id: int) -> Order:
    return get_object_or_404(Order.objects.select_related("customer", "service", "provider"), pk=order_id)


def _money(order: Order, amount: Decimal) -> str:
    return money_text(amount, currency=order.currency)


def _page(request: HttpRequest, order: Order, entered: Entered, *, status: int = 200) -> HttpResponse:
    cost, actions = order.cost_in_shop, _allowed(request, order, entered)
    is_offered = entered.slug in {action.slug for action in actions if not action.blocked}
    context = {
        "order": order,
        "is_doubtful": order.state in UNCONFIRMED_STATES,
        "events": order.events.order_by("-pk")[:MAX_EVENTS],
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
    is_confirming = entered.slug == "partial" and not entered.error
    actions = actions_of(order, remains=_remains(entered) if is_confirming else None)
    if is_same_person(actor=actor_of(request), customer=order.customer):
        actions = [replace(one, blocked=str(OwnMoneyError())) if one.slug in REFUNDS else one for one in actions]
    return [action for action in actions if request.user.has_perm(action.permission)]


def _moves(order: Order) -> QuerySet[Any]:
    moves: QuerySet[Any] = Transfer.objects.filter(cause=f"order:{order.pk}").select_related("source", "target")
    return moves.order_by("pk")
