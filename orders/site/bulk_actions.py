"""What a customer asks for many orders at once, chosen in their list: refills, cancels; and how each was answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from orders.aftercare.bulk_requests import request_cancels, request_refills
from orders.site.access import customer_of
from orders.site.service_picker import read_id

MOST_SELECTED = 100
LONGEST_ADDRESS = 2000
UNKNOWN = "You have no such order."

Ask = Callable[..., Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Result:
    """How a request was answered: for which orders it is under way, and which were refused, by reason."""

    accepted: list[int]
    refused: dict[str, list[int]]

    @property
    def refused_count(self) -> int:
        return sum(len(ids) for ids in self.refused.values())


@login_required
@require_POST
def refill_selected(request: HttpRequest) -> HttpResponse:
    """Ask for refills of the chosen orders."""
    return _answer(request, request_refills, what="refill")


@login_required
@require_POST
def cancel_selected(request: HttpRequest) -> HttpResponse:
    """Ask for the chosen orders to be canceled."""
    return _answer(request, request_cancels, what="cancel")


def _answer(request: HttpRequest, ask: Ask, *, what: str) -> HttpResponse:
    """The page that says what became of it; status 422 and nothing asked for where none or too many were chosen."""
    customer = customer_of(request)
    ids = list(dict.fromkeys(pk for text in request.POST.getlist("order") if (pk := read_id(text)) is not None))
    context = {"what": what, "back": request.POST.get("back", "")[:LONGEST_ADDRESS]}
    if not 0 < len(ids) <= MOST_SELECTED:
        problem = f"Choose at most {MOST_SELECTED} orders at a time." if ids else "Choose the orders first."
        return render(request, "orders/selection.html", {**context, "problem": problem}, status=422)
    answers = ask(customer=customer, order_ids=ids, actor=customer.email)
    return render(request, "orders/selection.html", {**context, "result": _result(ids, answers)})


def _result(ids: list[int], answers: Mapping[int, str]) -> Result:
    refused: dict[str, list[int]] = {}
    for pk in ids:
        if reason := answers.get(pk, UNKNOWN):
            refused.setdefault(reason, []).append(pk)
    return Result(accepted=[pk for pk in ids if answers.get(pk) == ""], refused=refused)
