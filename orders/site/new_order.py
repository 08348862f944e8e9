"""The front page, and the page to choose a service, see its price while filling in the form, and place the order."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from orders.models import Order
from orders.placing.order_form import OrderForm
from orders.placing.place import Placement, place_order, placed_before, quote_order
from orders.placing.validation import BadOrderError, OrderLimits
from orders.rules.idempotency import MAX_TOKEN_LENGTH, form_token
from orders.rules.service_types import SERVICE_TYPES
from orders.site.access import customer_of, own_order
from orders.site.charge_preview import Summary, summarize
from orders.site.order_list import latest_orders
from orders.site.service_picker import read_id, read_picker
from panel.customers.models import User
from panel.lib.money import charge_for, plain
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.statement import wallet_balance
from panel.web.icons import GENERIC, platform_of
from providers.catalog.listing.service_list import ServiceLine, categories_for_sale, service_for_sale
from providers.catalog.pricing.customer_rates import terms_for

PICKER_PARTS = {"picker", "picker-results"}


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that is not placed yet: the service, its form, and what the order would cost."""

    line: ServiceLine
    limits: OrderLimits
    form: OrderForm
    summary: Summary


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The order page for signed-in customers, the front page for everybody else."""
    if request.user.is_authenticated:
        return redirect("new_order")
    categories = categories_for_sale()
    platforms = dict.fromkeys(platform_of(category.name).name for category in categories)
    context = {
        "services_count": sum(category.count for category in categories),
        "platforms": [name for name in platforms if name != GENERIC.name],
        "prices_url": reverse("services"),
    }
    return render(request, "public/front.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_order(request: HttpRequest) -> HttpResponse:
    """Choose a service and place an order. An invalid form comes back as it was filled in, with status 422."""
    if request.method == "POST":
        response = _place(request)
        return _placed_before(request) or response if response.status_code == 422 else response
    original = _order_to_repeat(request)
    service_id = original.service_id if original else read_id(request.GET.get("service", ""))
    picker = read_picker(request.GET, customer=customer_of(request), service_id=service_id)
    if getattr(request, "htmx", None) and request.htmx.target in PICKER_PARTS:  # type: ignore[attr-defined]
        return render(request, "orders/_picker.html", {"picker": picker})
    draft = _draft(customer_of(request), service_id, initial=dict(original.fields) if original else {})
    return _page(request, draft, status=200, picker=picker, service_id=service_id)


@login_required
@require_safe
def order_form(request: HttpRequest, service_id: int) -> HttpResponse:
    """The form for one service as a part of the page, with the link entered before; without htmx it redirects there."""
    if not getattr(request, "htmx", False):
        return redirect(f"{reverse('new_order')}?service={service_id}")
    kept = {"link": request.GET["link"]} if request.GET.get("link") else {}
    draft = _draft(customer_of(request), service_id, initial=kept)
    return render(request, "orders/_form.html", {"draft": draft, "service_id": service_id})


@login_required
@require_POST
def order_charge(request: HttpRequest) -> HttpResponse:
    """What the order in the form would cost. Changes nothing; the header HX-Trigger-After-Settle has the problems."""
    balance = wallet_balance(user=customer_of(request))
    service_id = read_id(request.POST.get("service", ""))
    found = _limits(customer_of(request), service_id)
    if found is None:
        return render(request, "orders/_summary.html", {"summary": Summary(balance=balance), "is_gone": True})
    line, limits = found
    form = OrderForm(limits=limits, data=request.POST, initial={})
    form.is_valid()
    summary = summarize(
        customer=customer_of(request),
        service_id=line.id,
        fields=form.params,
        balance=balance,
        seen_rate=form.cleaned_data.get("seen_rate"),
    )
    response = render(request, "orders/_summary.html", {"summary": summary, "line": line})
    response["HX-Trigger-After-Settle"] = json.dumps({"order-problems": {"problems": dict(summary.problems)}})
    return response


def _place(request: HttpRequest) -> HttpResponse:
    customer = customer_of(request)
    found = _limits(customer, read_id(request.POST.get("service", "")))
    if found is None:
        return _page(request, None, status=422, service_id=read_id(request.POST.get("service", "")))
    line, limits = found
    data = request.POST.copy()
    form = OrderForm(limits=limits, data=data, initial={})
    is_short = False
    if form.is_valid():
        try:
            placement = place_order(
                customer=customer,
                service_id=line.id,
                params=form.params,
                now=timezone.now(),
                token=form.cleaned_data["token"],
                agreed_charge=_agreed_charge(customer, form, line, limits),
            )
        except BadOrderError as error:
            form.refuse(problem for problem in error.problems if problem.field != "charge")
        except NotEnoughFundsError:
            is_short = True
        else:
            return _placed(request, placement, line, limits)
    summary = _summary(customer, line, form)
    draft = Draft(line, limits, _to_resend(form, data, line), summary)
    return _page(request, draft, status=422, service_id=line.id, is_short=is_short)


def _placed_before(request: HttpRequest) -> HttpResponse | None:
    """A redirect to the order that the same form placed before, for a resent form that is refused now."""
    order = placed_before(customer=customer_of(request), token=form_token(request.POST.get("token", "")))
    if order is None:
        return None
    messages.info(request, _already_placed(order))
    url = reverse("order", args=[order.pk])
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)


def _already_placed(order: Order) -> str:
    return _("You already placed this order (#%(id)s). You weren't charged again.") % {"id": order.pk}


def _agreed_charge(customer: User, form: OrderForm, line: ServiceLine, limits: OrderLimits) -> Decimal | None:
    """The charge that the customer agreed to: the rate that the page showed, for their quantity."""
    seen = form.cleaned_data["seen_rate"]
    if seen is None:
        return None
    quoted = quote_order(customer=customer, service_id=line.id, params=form.params).request
    return charge_for(rate=seen, quantity=quoted.quantity, per_package=limits.service_type.is_per_package)


def _placed(request: HttpRequest, placement: Placement, line: ServiceLine, limits: OrderLimits) -> HttpResponse:
    """With htmx the form again, ready for the next order; without it a redirect to the order's page."""
    order, customer = placement.order, customer_of(request)
    if not getattr(request, "htmx", False):
        if placement.is_new:
            messages.success(request, _("Order #%(id)s placed.") % {"id": order.pk})
        else:
            messages.info(request, _already_placed(order))
        return redirect("order", order.pk)
    draft = _draft_of(customer, line, limits, initial={})
    context = {"draft": draft, "placement": placement, "service_id": line.id, "latest": latest_orders(customer)}
    return render(request, "orders/_placed.html", context)


def _page(
    request: HttpRequest, draft: Draft | None, *, status: int, service_id: int | None, **context: Any
) -> HttpResponse:
    """The whole page around `draft`, or the form alone for a form sent by htmx."""
    context |= {"draft": draft, "service_id": service_id}
    if request.method == "POST" and getattr(request, "htmx", False):
        return render(request, "orders/_form.html", context, status=status)
    if "picker" not in context:
        context["picker"] = read_picker(QueryDict(), customer=customer_of(request), service_id=service_id)
    context["latest"] = latest_orders(customer_of(request))
    return render(request, "orders/new_order.html", context, status=status)


def _order_to_repeat(request: HttpRequest) -> Order | None:
    """The customer's own order that the form is filled in from."""
    if "again" not in request.GET:
        return None
    return own_order(request, read_id(request.GET["again"]) or 0)


def _limits(customer: User, service_id: int | None) -> tuple[ServiceLine, OrderLimits] | None:
    """The service and its limits, or None where it can't be ordered."""
    if service_id is None:
        return None
    line = service_for_sale(terms=terms_for(customer_id=customer.pk), service_id=service_id)
    service_type = SERVICE_TYPES.get(line.type) if line else None
    if line is None or service_type is None:
        return None
    return line, OrderLimits(service_type=service_type, min=line.min, max=line.max, dripfeed=line.dripfeed)


def _draft(customer: User, service_id: int | None, *, initial: Mapping[str, str]) -> Draft | None:
    """An empty form for the service, or None where it isn't for sale."""
    found = _limits(customer, service_id)
    return None if found is None else _draft_of(customer, *found, initial=initial)


def _draft_of(customer: User, line: ServiceLine, limits: OrderLimits, *, initial: Mapping[str, str]) -> Draft:
    values = {**initial, "seen_rate": plain(line.rate), "token": _new_token()}
    summary = summarize(customer=customer, service_id=line.id, fields=initial, balance=wallet_balance(user=customer))
    return Draft(line, limits, OrderForm(limits=limits, initial=values), replace(summary, problems={}))


def _summary(customer: User, line: ServiceLine, form: OrderForm) -> Summary:
    balance = wallet_balance(user=customer)
    seen_rate = form.cleaned_data.get("seen_rate")
    return summarize(customer=customer, service_id=line.id, fields=form.params, balance=balance, seen_rate=seen_rate)


def _to_resend(form: OrderForm, data: QueryDict, line: ServiceLine) -> OrderForm:
    """The form as it was filled in, with the present rate, and with a new token where its own was invalid."""
    data["seen_rate"] = plain(line.rate)
    if "token" in form.errors:
        data["token"] = _new_token()
    return form


def _new_token() -> str:
    return secrets.token_urlsafe(32)[:MAX_TOKEN_LENGTH]
