"""One order: its page, and what its customer may do with it. Every view passes the ownership gate first."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone

from orders.aftercare.cancels import CannotCancelError, cancel_verdict, request_cancel
from orders.aftercare.refills import CannotRefillError, refill_verdict, request_refill
from orders.models import Order, Refill
from orders.rules.service_types import SERVICE_TYPES
from orders.rules.states import FINAL, State
from orders.site.access import customer_of, own_order
from orders.site.field_texts import given_fields
from orders.site.request_texts import cancel_button, cancel_words, refill_words
from orders.site.status_texts import state_sentence, timeline
from panel.web.formatting import money_text

SAFE = ("GET", "HEAD")


@login_required
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    """The order with its history and money, as it is now."""
    found = own_order(request, order_id)
    if request.method not in SAFE:
        return HttpResponseNotAllowed(SAFE)
    refilling = _refilling(found)
    context = {
        "order": found,
        "sentence": state_sentence(found.state, found.word),
        "moments": timeline(
            found.events.order_by("pk"), customer=customer_of(request).email, start_count=found.start_count
        ),
        "kept": found.charge - found.refunded,
        "is_live": found.state not in FINAL or refilling["is_refilling"],
        "is_package": found.type in SERVICE_TYPES and SERVICE_TYPES[found.type].is_per_package,
        "given": given_fields(type_name=found.type, fields=found.fields),
        **refilling,
        **_canceling(found),
    }
    return render(request, "orders/order.html", context)


def _refilling(order: Order) -> dict[str, Any]:
    """The order's refills, and whether another may be asked for; nothing where its service has none."""
    refills = list(order.refills.order_by("-pk"))
    return {
        "refills": [(refill, refill_words(refill)) for refill in refills],
        "refill_verdict": refill_verdict(order=order, refills=refills, now=timezone.now()),
        "is_refilling": any(refill.state in Refill.OPEN for refill in refills),
        "has_refills": bool(refills) or (order.service.refill and order.state not in {State.CANCELED, State.REJECTED}),
    }


def _canceling(order: Order) -> dict[str, Any]:
    """How the order's cancel stands, and whether it may be asked for."""
    wishes = list(order.cancellations.order_by("-pk"))
    verdict = cancel_verdict(order=order, cancellations=wishes, now=timezone.now())
    return {
        "cancel": (wishes[0], cancel_words(wishes[0], order)) if wishes else None,
        "cancel_verdict": verdict,
        "cancel_button": cancel_button(order) if verdict.is_possible else None,
        "has_cancel": bool(wishes) or order.state not in FINAL,
        "is_canceling": bool(wishes) and wishes[0].state in wishes[0].OPEN,
    }


@login_required
def order_cancel(request: HttpRequest, order_id: int) -> HttpResponse:
    """Cancel the order, with all of its money back where it was not sent; ask for it where it was."""
    found = own_order(request, order_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        request_cancel(order_id=found.pk, actor=customer_of(request).email)
    except CannotCancelError as error:
        messages.warning(request, f"{error} Nothing was changed.")
        return redirect("order", found.pk)
    found.refresh_from_db()
    if found.state == State.CANCELED:
        amount = money_text(found.charge, currency=found.currency)
        messages.success(request, f"Order {found.pk} is canceled. {amount} is back in your wallet.")
    else:
        messages.success(request, f"The cancel of order {found.pk} is requested. No money has moved yet.")
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
