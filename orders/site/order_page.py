"""The page of one order, and its customer's requests to cancel or refill it. Every view checks the owner first."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.aftercare.cancels import CannotCancelError, cancel_verdict, request_cancel
from orders.aftercare.refills import CannotRefillError, refill_verdict, request_refill
from orders.models import Order, Refill
from orders.rules.service_types import SERVICE_TYPES
from orders.rules.states import FINAL, State
from orders.site.access import customer_of, own_order
from orders.site.field_texts import field_rows
from orders.site.request_texts import cancel_button, cancel_request_status, refill_request_status
from orders.site.status_texts import status_text, timeline
from panel.web.formatting import money_text

SAFE = ("GET", "HEAD")


@login_required
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    """The order with its history and payment."""
    order = own_order(request, order_id)
    if request.method not in SAFE:
        return HttpResponseNotAllowed(SAFE)
    refilling = _refilling(order)
    context = {
        "order": order,
        "status_text": status_text(order.state, order.word),
        "timeline": timeline(
            order.events.order_by("pk"),
            customer=customer_of(request).email,
            currency=order.currency,
            start_count=order.start_count,
        ),
        "kept": order.charge - order.refunded,
        "is_live": order.state not in FINAL or refilling["is_refilling"],
        "is_package": order.type in SERVICE_TYPES and SERVICE_TYPES[order.type].is_per_package,
        "field_rows": field_rows(type_name=order.type, fields=order.fields),
        **refilling,
        **_canceling(order),
    }
    return render(request, "orders/order.html", context)


def _refilling(order: Order) -> dict[str, Any]:
    """The order's refills, and whether another one may be requested."""
    refills = list(order.refills.order_by("-pk"))
    return {
        "refills": [(refill, refill_request_status(refill)) for refill in refills],
        "refill_verdict": refill_verdict(order=order, refills=refills, now=timezone.now()),
        "is_refilling": any(refill.state in Refill.OPEN for refill in refills),
        "has_refills": bool(refills) or (order.service.refill and order.state not in {State.CANCELED, State.REJECTED}),
    }


def _canceling(order: Order) -> dict[str, Any]:
    """The order's latest cancellation, and whether one may be requested."""
    cancellations = list(order.cancellations.order_by("-pk"))
    latest = cancellations[0] if cancellations else None
    verdict = cancel_verdict(order=order, cancellations=cancellations, now=timezone.now())
    return {
        "cancel": latest,
        "cancel_status": cancel_request_status(latest, order) if latest else None,
        "cancel_verdict": verdict,
        "cancel_button": cancel_button(order) if verdict.is_possible else None,
        "has_cancel": latest is not None or order.state not in FINAL,
        "is_canceling": latest is not None and latest.state in latest.OPEN,
    }


@login_required
def order_cancel(request: HttpRequest, order_id: int) -> HttpResponse:
    """Cancel an order that was not sent yet, with a full refund; request the cancellation of any other."""
    order = own_order(request, order_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        request_cancel(order_id=order.pk, actor=customer_of(request).email)
    except CannotCancelError as error:
        messages.warning(request, str(error))
        return redirect("order", order.pk)
    order.refresh_from_db()
    if order.state == State.CANCELED:
        amount = money_text(order.charge, currency=order.currency)
        text = _("Order #%(id)s canceled. %(amount)s was refunded to your balance.")
        messages.success(request, text % {"id": order.pk, "amount": amount})
    else:
        text = _("Cancellation requested for order #%(id)s. You'll be refunded once it's confirmed.")
        messages.success(request, text % {"id": order.pk})
    return redirect("order", order.pk)


@login_required
def order_refill(request: HttpRequest, order_id: int) -> HttpResponse:
    """Request a refill of a finished order."""
    order = own_order(request, order_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        request_refill(order=order, actor=customer_of(request).email)
    except CannotRefillError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Refill requested."))
    return redirect("order", order.pk)
