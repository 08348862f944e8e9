"""One order: its page, and what its customer may do with it. Every view passes the ownership gate first."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone

from orders.cancel import CannotCancelError, cancel_queued
from orders.kinds import KINDS
from orders.models import Refill
from orders.refill import CannotRefillError, refill_verdicts, request_refill
from orders.states import FINAL, State
from orders.views.customer import customer_of, own_order
from orders.views.words import REFILL_WORDS, state_sentence, timeline
from panel.web.figures import money_text

SAFE = ("GET", "HEAD")


@login_required
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    """The order with its history and money, as it is now."""
    found = own_order(request, order_id)
    if request.method not in SAFE:
        return HttpResponseNotAllowed(SAFE)
    refills = [
        {"word": REFILL_WORDS[Refill.State(refill.state)], "refill": refill, "is_open": refill.state in Refill.OPEN}
        for refill in found.refills.order_by("-pk")
    ]
    is_refilling = any(row["is_open"] for row in refills)
    context = {
        "order": found,
        "sentence": state_sentence(found.state, found.word),
        "moments": timeline(found.events.order_by("pk"), customer=customer_of(request).email),
        "kept": found.charge - found.refunded,
        "may_cancel": found.state == State.QUEUED,
        "may_refill": refill_verdicts(orders=[found], now=timezone.now())[found.pk].is_possible,
        "refills": refills,
        "is_live": found.state not in FINAL or is_refilling,
        "is_package": found.type in KINDS and KINDS[found.type].is_per_package,
    }
    return render(request, "orders/order.html", context)


@login_required
def order_cancel(request: HttpRequest, order_id: int) -> HttpResponse:
    """Cancel an order that has not been sent, with all of its money back."""
    found = own_order(request, order_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        cancel_queued(order_id=found.pk, actor=customer_of(request).email)
    except CannotCancelError as error:
        messages.warning(request, f"{error} Nothing was changed.")
    else:
        amount = money_text(found.charge, currency=found.currency)
        messages.success(request, f"Order {found.pk} is canceled. {amount} is back in your wallet.")
    return redirect("order", found.pk)


@login_required
def order_refill(request: HttpRequest, order_id: int) -> HttpResponse:
    """Ask for a refill of an order that has ended."""
    found = own_order(request, order_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        request_refill(order=found, actor=customer_of(request).email)
    except CannotRefillError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "The refill is requested.")
    return redirect("order", found.pk)
