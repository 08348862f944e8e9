"""The customer's webhook: its address, its secret, what was told to it and what of that could not be delivered."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from orders.site.access import customer_of
from orders.webhooks.address import EXAMPLE
from orders.webhooks.choices import (
    BadAddressError,
    CannotSendError,
    remove_webhook,
    renew_secret,
    send_again,
    send_test,
    set_webhook,
)
from orders.webhooks.deliver import DEADLINE_SECONDS
from orders.webhooks.models import LONGEST_URL, Delivery, Webhook
from orders.webhooks.outbox import MOST_WAITING, waiting_of
from panel.lib.outbound.retries import RETRIES
from panel.lib.secret import Secret
from panel.web.access import confirm_it_is_you
from panel.web.rate_limit import Limit, take

ROWS = 50
SENDING = Limit("webhook-send", 10, 60)
"""Tests, and messages sent again."""
SETTING = Limit("webhook-set", 20, 3600)
"""Addresses set: a new one starts without the delays that its predecessor earned."""


def _while_it_exists(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 where the webhook is removed in this moment."""

    @wraps(view)
    def answered(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            return view(request, **named)
        except Webhook.DoesNotExist:
            raise Http404 from None

    return answered


class AddressForm(forms.Form):
    """Where the webhook is. What makes no sense is told by orders.webhooks.choices."""

    url = forms.CharField(
        max_length=LONGEST_URL,
        label="Address",
        help_text="A public https address of yours that takes POST requests.",
        widget=forms.URLInput(attrs={"placeholder": EXAMPLE, "autocomplete": "off", "spellcheck": "false"}),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest) -> HttpResponse:
    """The page; posting sets the address. A first webhook's secret is shown this once."""
    found = Webhook.objects.filter(customer=customer_of(request)).first()
    if request.method != "POST":
        return _page(request, AddressForm(initial={"url": found.url if found else ""}))
    confirm_it_is_you(request, keeps_form=True)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    if not _may(request, SETTING):
        return redirect("webhook")
    customer = customer_of(request)
    try:
        secret = set_webhook(customer=customer, url=form.cleaned_data["url"], actor=customer.email)
    except BadAddressError as problem:
        form.add_error("url", str(problem))
        return _page(request, form, status=422)
    if secret is not None:
        return _page(request, form, secret=secret)
    messages.success(request, "Changes are told to this address from now on.")
    return redirect("webhook")


@login_required
@require_POST
@_while_it_exists
def webhook_secret(request: HttpRequest) -> HttpResponse:
    """A new secret, shown this once; the old one signs nothing from now on."""
    confirm_it_is_you(request, keeps_form=True)
    found = _own(request)
    secret = renew_secret(webhook=found, actor=customer_of(request).email)
    return _page(request, AddressForm(initial={"url": found.url}), secret=secret)


@login_required
@require_POST
@_while_it_exists
def webhook_remove(request: HttpRequest) -> HttpResponse:
    """Nothing is told any more, and the log is gone."""
    remove_webhook(webhook=_own(request), actor=customer_of(request).email)
    messages.success(request, "The webhook is removed. Nothing is sent to it any more.")
    return redirect("webhook")


@login_required
@require_POST
@_while_it_exists
def webhook_test(request: HttpRequest) -> HttpResponse:
    """Send a message that speaks of nothing."""
    found = _own(request)
    if _may(request, SENDING):
        try:
            send_test(webhook=found)
        except CannotSendError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, "A test is on its way. Look at this page again in some seconds.")
    return redirect("webhook")


@login_required
@require_POST
@_while_it_exists
def webhook_again(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Send one message of the customer's once more."""
    delivery = get_object_or_404(Delivery, pk=delivery_id, webhook__customer=customer_of(request))
    if _may(request, SENDING):
        try:
            is_queued = send_again(delivery=delivery)
        except CannotSendError as problem:
            messages.error(request, str(problem))
        else:
            messages.info(
                request, _("The message is sent again.") if is_queued else _("The message is waiting already.")
            )
    return redirect("webhook")


def _may(request: HttpRequest, limit: Limit) -> bool:
    """Count one more; the customer is told where that was too often."""
    taken = take(limit, who=str(customer_of(request).pk))
    if taken.is_over:
        minutes = -(-taken.reset // 60)
        said = ngettext(
            "You did this often just now. Try again in %(minutes)s minute.",
            "You did this often just now. Try again in %(minutes)s minutes.",
            minutes,
        )
        messages.error(request, said % {"minutes": minutes})
    return not taken.is_over


def _own(request: HttpRequest) -> Webhook:
    return get_object_or_404(Webhook, customer=customer_of(request))


@sensitive_variables("secret")
def _page(request: HttpRequest, form: AddressForm, *, status: int = 200, secret: Secret | None = None) -> HttpResponse:
    found = Webhook.objects.filter(customer=customer_of(request)).first()
    sent = Delivery.objects.filter(webhook=found).order_by("-pk") if found else Delivery.objects.none()
    context: dict[str, Any] = {
        "form": form,
        "webhook": found,
        "secret": secret.reveal() if secret else "",
        "seconds": DEADLINE_SECONDS,
        "retries": len(RETRIES),
        "waiting": waiting_of([found.pk]).get(found.pk, 0) if found else 0,
        "most_waiting": MOST_WAITING,
        "page": Paginator(sent, ROWS).get_page(request.GET.get("page")),
    }
    return render(request, "webhooks/webhook.html", context, status=status)
