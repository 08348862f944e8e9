"""Requests refills and cancellations for the orders that a customer selected in the list, and shows the results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from orders.aftercare.bulk_requests import request_cancels, request_refills
from orders.site.access import customer_of
from orders.site.service_picker import read_id

MAX_SELECTED = 100
MAX_QUERY_LENGTH = 2000

RequestMany = Callable[..., Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Result:
    """The orders for which the request was accepted, and those for which it was refused, by reason."""

    accepted: list[int]
    refused: dict[str, list[int]]

    @property
    def refused_count(self) -> int:
        return sum(len(ids) for ids in self.refused.values())


@login_required
@require_POST
def refill_selected(request: HttpRequest) -> HttpResponse:
    """Request refills of the selected orders."""
    return _respond(request, request_refills, action="refill")


@login_required
@require_POST
def cancel_selected(request: HttpRequest) -> HttpResponse:
    """Request the cancellation of the selected orders."""
    return _respond(request, request_cancels, action="cancel")


def _respond(request: HttpRequest, request_many: RequestMany, *, action: str) -> HttpResponse:
    """The page with the results. Status 422, and nothing requested, where no or too many orders are selected."""
    customer = customer_of(request)
    ids = list(dict.fromkeys(pk for text in request.POST.getlist("order") if (pk := read_id(text)) is not None))
    context = {"action": action, "back": request.POST.get("back", "")[:MAX_QUERY_LENGTH]}
    if not 0 < len(ids) <= MAX_SELECTED:
        problem = _("Select up to %(max)s orders.") % {"max": MAX_SELECTED} if ids else _("Select at least one order.")
        return render(request, "orders/selection.html", {**context, "problem": problem}, status=422)
    reasons = request_many(customer=customer, order_ids=ids, actor=customer.email)
    return render(request, "orders/selection.html", {**context, "result": _result(ids, reasons)})


def _result(ids: list[int], reasons: Mapping[int, str]) -> Result:
    """`reasons` has each of the customer's own orders, with an empty text where the request was accepted."""
    refused: dict[str, list[int]] = {}
    for pk in ids:
        if reason := reasons.get(pk, _("Order not found.")):
            refused.setdefault(reason, []).append(pk)
    return Result(accepted=[pk for pk in ids if reasons.get(pk) == ""], refused=refused)
