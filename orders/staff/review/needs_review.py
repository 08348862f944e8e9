"""What is stuck and needs a person: orders in doubt with the evidence and three verdicts; the rest in staff_stuck."""

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
from django.views.decorators.http import require_POST, require_safe

from orders.models import Attempt, Order
from orders.rules.states import DOUBTFUL
from orders.staff.review import stuck_orders
from orders.staff.review.stuck_tabs import look, page_of, shown
from orders.unconfirmed import decisions
from orders.unconfirmed.decisions import CannotResolveError
from panel.lib.crypto import SealError
from panel.ops.admin_forms.base import actor_of
from panel.wallet.approvals.own_money import OwnMoneyError
from panel.wallet.approvals.requests import keep_request
from panel.wallet.approvals.second_approval import SecondApprovalNeededError
from panel.web.access import confirm_it_is_you, need, staff_only
from panel.web.formatting import money_text
from panel.web.text_input import read_reason, read_words

FLAG_TABS = {"flagged", "missing"}
LONGEST_ENTRY = 300
PROVIDER_ID = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that a person may say of an order; `words` tell what follows from it, to the cent."""

    slug: str
    title: str
    button: str
    tone: str
    words: Callable[[Order], str]


def _placed_words(order: Order) -> str:
    return (
        f"The order goes on under that id and is followed from there. {_charge(order)} stays held until it ends. "
        f"{order.provider} is asked for the id first; nothing is sent."
    )


def _again_words(order: Order) -> str:
    return (
        f"The order is queued and sent to {order.provider} again. If it was placed after all, it is delivered twice "
        f"and costs us {_cost(order)} twice."
    )


def _back_words(order: Order) -> str:
    return (
        f"{_charge(order)} goes back into the wallet of {order.customer}, and the order ends as canceled. If it was "
        f"placed after all, its cost of {_cost(order)} is our loss."
    )


VERDICTS = (
    Verdict("placed", "It was placed", "It was placed under this id", "btn-primary", _placed_words),
    Verdict("again", "It was not placed", "Send it again", "btn-secondary", _again_words),
    Verdict("back", "Give the money back", "Give the money back", "btn-danger", _back_words),
)


@dataclass(slots=True)
class Case:
    """An order with its evidence, and what was entered for it where that was refused."""

    order: Order
    attempts: list[Attempt]
    decidable_at: datetime | None
    entered: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    error: str = ""

    @property
    def verdicts(self) -> list[tuple[Verdict, str]]:
        return [(verdict, verdict.words(self.order)) for verdict in VERDICTS]

    @property
    def candidate(self) -> str:
        """The id that the provider's own ids speak for, or else that a doubtful answer named: a first guess."""
        probes = [attempt.probe for attempt in reversed(self.attempts) if hasattr(attempt, "probe")]
        named = [probe.candidate for probe in probes] + [attempt.candidate for attempt in reversed(self.attempts)]
        return next(filter(None, named), "")


@staff_only("orders.view_order")
@require_safe
def staff_doubtful(request: HttpRequest) -> HttpResponse:
    """One tab of what is stuck, or the order named by `order`."""
    return _page(request)


@staff_only("orders.view_order")
@require_POST
def decide(request: HttpRequest, order_id: int, verdict: str) -> HttpResponse:
    """Carry out a verdict; where it is refused, the page again with the reason beside it."""
    need(request, "orders.change_order")
    confirm_it_is_you(request, keeps_form=True)
    order = get_object_or_404(Order, pk=order_id)
    try:
        said = _carry_out(request, order, verdict)
    except (CannotResolveError, OwnMoneyError) as error:
        return _refuse(request, order, verdict, str(error))
    except SealError:
        return _refuse(request, order, verdict, "The provider's API key cannot be opened, so it was not asked.")
    except SecondApprovalNeededError as needed:
        messages.warning(request, keep_request(needed, actor=actor_of(request), now=timezone.now()))
    else:
        messages.success(request, f"Order {order.pk}: {said}")
    return redirect("staff_doubtful")


@staff_only("orders.view_order")
@require_POST
def looked_at(request: HttpRequest, order_id: int) -> HttpResponse:
    """A person has looked at a flagged order."""
    need(request, "orders.change_order")
    order = get_object_or_404(Order, pk=order_id)
    reason = read_reason(request)
    if not reason:
        return _refuse(request, order, "looked", "Say what you found: it is kept with the order.")
    if order.attention:
        decisions.clear_attention(order_id=order.pk, actor=actor_of(request), reason=reason)
        messages.success(request, f"Order {order.pk} is looked at.")
    else:
        messages.info(request, f"Order {order.pk} is not flagged any more.")
    show = request.GET.get("show", "")
    return redirect(f"{reverse('staff_doubtful')}?show={show}" if show in FLAG_TABS else "staff_doubtful")


def _carry_out(request: HttpRequest, order: Order, verdict: str) -> str:
    """One domain call; what became of it, in words."""
    actor, reason = actor_of(request), read_reason(request)
    if not reason:
        raise CannotResolveError("Say why: the reason is kept with the order.")
    match verdict:
        case "placed":
            given = read_words(request.POST, "provider_order_id", longest=LONGEST_ENTRY)
            if not PROVIDER_ID.fullmatch(given):
                raise CannotResolveError("Enter the id that the order has at the provider.")
            decisions.it_was_placed(order_id=order.pk, provider_order_id=given, actor=actor, reason=reason)
            return f"it goes on under the id {given}."
        case "again":
            decisions.it_was_not_placed(order_id=order.pk, actor=actor, reason=reason)
            return "it is queued and will be sent again."
        case "back":
            decisions.give_money_back(order_id=order.pk, actor=actor, reason=reason)
            return f"{_charge(order)} went back to {order.customer}."
    raise Http404


def _refuse(request: HttpRequest, order: Order, verdict: str, error: str) -> HttpResponse:
    order.refresh_from_db()
    if verdict != "looked" and order.state not in DOUBTFUL:
        messages.error(request, f"Order {order.pk}: {error}")
        return redirect("staff_doubtful")
    entered = {name: read_words(request.POST, name, longest=LONGEST_ENTRY) for name in ("reason", "provider_order_id")}
    return _page(request, only=order.pk, refused=(verdict, error, entered), status=422)


def _page(
    request: HttpRequest,
    *,
    only: int | None = None,
    refused: tuple[str, str, dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    wanted, now = request.GET.get("order", ""), timezone.now()
    if only is None and wanted.isascii() and wanted.isdigit() and len(wanted) <= 18:
        only = int(wanted)
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
    """The tab that was asked for, or else the first with something in it."""
    found = look(request, now=now)
    tab, number = found.named(request.GET.get("show", "")), request.GET.get("page")
    context: dict[str, Any] = {"tabs": found.tabs, "tab": tab.slug}
    if tab.slug != "doubtful":
        return context | shown(tab, found.jobs, number=number, now=now)
    page = page_of(stuck_orders.doubtful_orders(), tab.count, number)
    return context | {"page": page, "cases": _cases(list(page), None, now)}


def _one(order_id: int, refused: tuple[str, str, dict[str, str]] | None, now: datetime) -> dict[str, Any]:
    """One order alone, in doubt or flagged."""
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
