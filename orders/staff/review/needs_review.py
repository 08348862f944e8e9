"""The Needs review page: unconfirmed orders with their evidence and three decisions; stuck_tabs has the other tabs."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from orders.models import Attempt, Order
from orders.rules.states import UNCONFIRMED_STATES
from orders.staff.review import stuck_orders
from orders.staff.review.stuck_tabs import count_stuck, page_of, tab_context
from orders.unconfirmed import decisions
from orders.unconfirmed.decisions import CannotResolveError
from panel.lib.crypto import SealError
from panel.ops.admin_forms.base import actor_of
from panel.wallet.approvals.own_money import OwnMoneyError
from panel.wallet.approvals.requests import keep_request
from panel.wallet.approvals.second_approval import SecondApprovalNeededError
from panel.web.access import confirm_it_is_you, need, staff_only
from panel.web.formatting import money_text
from panel.web.text_input import read_reason, read_text

FLAG_TABS = {"flagged", "missing"}
MAX_ENTRY = 300
PROVIDER_ID = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One decision that a person can take on an order; `explain` names its effect, to the cent."""

    slug: str
    title: str | Promise
    button: str | Promise
    tone: str
    explain: Callable[[Order], str]


def _explain_placed(order: Order) -> str:
    text = _(
        "The order continues under this ID and is tracked from there. %(charge)s stays on hold until it ends. "
        "%(provider)s is asked for the ID first; nothing is sent."
    )
    return text % {"charge": _charge(order), "provider": order.provider}


def _explain_again(order: Order) -> str:
    text = _(
        "The order is queued and sent to %(provider)s again. If it was placed after all, it is delivered twice and "
        "costs you %(cost)s twice."
    )
    return text % {"provider": order.provider, "cost": _cost(order)}


def _explain_refund(order: Order) -> str:
    text = _(
        "%(charge)s is refunded to the wallet of %(customer)s, and the order ends as canceled. If it was placed after "
        "all, its cost of %(cost)s is your loss."
    )
    return text % {"charge": _charge(order), "customer": order.customer, "cost": _cost(order)}


VERDICTS = (
    Verdict("placed", _lazy("It was placed"), _lazy("Confirm order"), "btn-primary", _explain_placed),
    Verdict("again", _lazy("It was not placed"), _lazy("Send again"), "btn-secondary", _explain_again),
    Verdict("back", _lazy("Refund order"), _lazy("Refund order"), "btn-danger", _explain_refund),
)


@dataclass(slots=True)
class Case:
    """An order with its evidence, and the entries of a decision that was refused."""

    order: Order
    attempts: list[Attempt]
    decidable_at: datetime | None
    entered: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    error: str = ""

    @property
    def verdicts(self) -> list[tuple[Verdict, str]]:
        return [(verdict, verdict.explain(self.order)) for verdict in VERDICTS]

    @property
    def candidate(self) -> str:
        """The ID that the probe found, or else the one that an unclear answer named: a suggestion for the form."""
        probes = [attempt.probe for attempt in reversed(self.attempts) if hasattr(attempt, "probe")]
        ids = [probe.candidate for probe in probes] + [attempt.candidate for attempt in reversed(self.attempts)]
        return next(filter(None, ids), "")


@staff_only("orders.view_order")
@require_safe
def staff_doubtful(request: HttpRequest) -> HttpResponse:
    """Show one tab, or the order named by `order` in the address."""
    return _page(request)


@staff_only("orders.view_order")
@require_POST
def decide(request: HttpRequest, order_id: int, verdict: str) -> HttpResponse:
    """Carry out a decision, or show the page again with the error where it is refused."""
    need(request, "orders.change_order")
    confirm_it_is_you(request, keeps_form=True)
    order = get_object_or_404(Order, pk=order_id)
    try:
        message = _carry_out(request, order, verdict)
    except (CannotResolveError, OwnMoneyError) as error:
        return _refuse(request, order, verdict, str(error))
    except SealError:
        text = _("The provider's API key cannot be decrypted, so the provider was not asked.")
        return _refuse(request, order, verdict, text)
    except SecondApprovalNeededError as needed:
        messages.warning(request, keep_request(needed, actor=actor_of(request), now=timezone.now()))
    else:
        messages.success(request, message)
    return redirect("staff_doubtful")


@staff_only("orders.view_order")
@require_POST
def mark_reviewed(request: HttpRequest, order_id: int) -> HttpResponse:
    """Clear an order's flag: a person has checked it."""
    need(request, "orders.change_order")
    order = get_object_or_404(Order, pk=order_id)
    reason = read_reason(request)
    if not reason:
        return _refuse(request, order, "reviewed", _("Note what you found. It is saved with the order."))
    if order.attention:
        decisions.clear_flag(order_id=order.pk, actor=actor_of(request), reason=reason)
        messages.success(request, _("Order #%(order)d is marked as reviewed.") % {"order": order.pk})
    else:
        messages.info(request, _("Order #%(order)d is no longer flagged.") % {"order": order.pk})
    show = request.GET.get("show", "")
    return redirect(f"{reverse('staff_doubtful')}?show={show}" if show in FLAG_TABS else "staff_doubtful")


def _carry_out(request: HttpRequest, order: Order, verdict: str) -> str:
    """Make one domain call; the message that says what it did."""
    actor, reason = actor_of(request), read_reason(request)
    if not reason:
        raise CannotResolveError(_("Enter a reason. It is saved with the order."))
    match verdict:
        case "placed":
            entered = read_text(request.POST, "provider_order_id", max_length=MAX_ENTRY)
            if not PROVIDER_ID.fullmatch(entered):
                raise CannotResolveError(_("Enter the order ID at the provider."))
            decisions.confirm_placed(order_id=order.pk, provider_order_id=entered, actor=actor, reason=reason)
            return _("Order #%(order)d continues under the provider order ID %(id)s.") % {
                "order": order.pk,
                "id": entered,
            }
        case "again":
            decisions.requeue_order(order_id=order.pk, actor=actor, reason=reason)
            return _("Order #%(order)d is queued and will be sent again.") % {"order": order.pk}
        case "back":
            decisions.refund_unconfirmed(order_id=order.pk, actor=actor, reason=reason)
            return _("Order #%(order)d: %(amount)s refunded to %(customer)s.") % {
                "order": order.pk,
                "amount": _charge(order),
                "customer": order.customer,
            }
    raise Http404


def _refuse(request: HttpRequest, order: Order, verdict: str, error: str) -> HttpResponse:
    order.refresh_from_db()
    if verdict != "reviewed" and order.state not in UNCONFIRMED_STATES:
        messages.error(request, _("Order #%(order)d: %(error)s") % {"order": order.pk, "error": error})
        return redirect("staff_doubtful")
    entered = {name: read_text(request.POST, name, max_length=MAX_ENTRY) for name in ("reason", "provider_order_id")}
    return _page(request, only=order.pk, refused=(verdict, error, entered), status=422)


def _page(
    request: HttpRequest,
    *,
    only: int | None = None,
    refused: tuple[str, str, dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    number, now = request.GET.get("order", ""), timezone.now()
    if only is None and number.isascii() and number.isdigit() and len(number) <= 18:
        only = int(number)
    context = {
        "chosen_order": only,
        "refused": refused[0] if refused else "",
        "error": refused[1] if refused else "",
        "may_decide": request.user.has_perm("orders.change_order"),
        "all_url": reverse("staff_doubtful"),
        **(_tab(request, now) if only is None else _one(only, refused, now)),
    }
    return render(request, "staff/doubtful.html", context, status=status)


def _tab(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The tab named in the address, or else the first one with something in it."""
    stuck = count_stuck(request, now=now)
    tab, number = stuck.tab(request.GET.get("show", "")), request.GET.get("page")
    context: dict[str, Any] = {"tabs": stuck.tabs, "tab": tab.slug}
    if tab.slug != "doubtful":
        return context | tab_context(tab, stuck.jobs, number=number, now=now)
    page = page_of(stuck_orders.doubtful_orders(), tab.count, number)
    return context | {"page": page, "cases": _cases(list(page), None, now)}


def _one(order_id: int, refused: tuple[str, str, dict[str, str]] | None, now: datetime) -> dict[str, Any]:
    """One order alone, unconfirmed or flagged."""
    flagged = Order.objects.select_related("customer", "service", "provider").exclude(attention="").filter(pk=order_id)
    doubtful = list(stuck_orders.doubtful_orders().filter(pk=order_id))
    return {"tab": "order", "cases": _cases(doubtful, refused, now), "flags": list(flagged)}


def _cases(orders: list[Order], refused: tuple[str, str, dict[str, str]] | None, now: datetime) -> list[Case]:
    attempts: dict[int, list[Attempt]] = {order.pk: [] for order in orders}
    for attempt in Attempt.objects.filter(order__in=orders).select_related("probe").order_by("order", "number"):
        attempts[attempt.order_id].append(attempt)
    cases = []
    for order in orders:
        leases = [attempt.lease_until for attempt in attempts[order.pk] if attempt.lease_until > now]
        case = Case(order, attempts[order.pk], max(leases, default=None))
        if refused:
            case.refused, case.error, case.entered = refused
        cases.append(case)
    return cases


def _charge(order: Order) -> str:
    return money_text(order.charge - order.refunded, currency=order.currency)


def _cost(order: Order) -> str:
    return money_text(order.expected_cost, currency=order.provider_currency)
