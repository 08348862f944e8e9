"""The page of the customer's webhook: its URL, its signing secret and its messages."""

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
from django.utils.translation import gettext_lazy as _lazy
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
from orders.webhooks.outbox import MAX_WAITING, waiting_of
from panel.lib.outbound.retries import RETRIES
from panel.lib.secret import Secret
from panel.web.access import confirm_it_is_you
from panel.web.rate_limit import Limit, take

PAGE_SIZE = 50
SEND_LIMIT = Limit("webhook-send", 10, 60)
"""For tests and resent messages."""
SAVE_LIMIT = Limit("webhook-set", 20, 3600)
"""For new URLs, since each starts without the delays of the one before."""


def _404_if_deleted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404 where the webhook is deleted during the request."""

    @wraps(view)
    def wrapped(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            return view(request, **named)
        except Webhook.DoesNotExist:
            raise Http404 from None

    return wrapped


class AddressForm(forms.Form):
    """The URL of the webhook. orders.webhooks.choices checks it."""

    url = forms.CharField(
        max_length=LONGEST_URL,
        label=_lazy("Endpoint URL"),
        help_text=_lazy("A public https URL that accepts POST requests."),
        widget=forms.URLInput(attrs={"placeholder": EXAMPLE, "autocomplete": "off", "spellcheck": "false"}),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest) -> HttpResponse:
    """The page; posting saves the URL. The secret of a new webhook is shown only once."""
    found = Webhook.objects.filter(customer=customer_of(request)).first()
    if request.method != "POST":
        return _page(request, AddressForm(initial={"url": found.url if found else ""}))
    confirm_it_is_you(request, keeps_form=True)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    if not _within_limit(request, SAVE_LIMIT):
        return redirect("webhook")
    customer = customer_of(request)
    try:
        secret = set_webhook(customer=customer, url=form.cleaned_data["url"], actor=customer.email)
    except BadAddressError as problem:
        form.add_error("url", str(problem))
        return _page(request, form, status=422)
    if secret is not None:
        return _page(request, form, secret=secret)
    messages.success(request, _("Webhook saved. We send changes to this URL from now on."))
    return redirect("webhook")


@login_required
@require_POST
@_404_if_deleted
def webhook_secret(request: HttpRequest) -> HttpResponse:
    """Replace the signing secret, and show the new one this once."""
    confirm_it_is_you(request, keeps_form=True)
    found = _own(request)
    secret = renew_secret(webhook=found, actor=customer_of(request).email)
    return _page(request, AddressForm(initial={"url": found.url}), secret=secret)


@login_required
@require_POST
@_404_if_deleted
def webhook_remove(request: HttpRequest) -> HttpResponse:
    """Delete the webhook and its messages."""
    remove_webhook(webhook=_own(request), actor=customer_of(request).email)
    messages.success(request, _("Webhook deleted."))
    return redirect("webhook")


@login_required
@require_POST
@_404_if_deleted
def webhook_test(request: HttpRequest) -> HttpResponse:
    """Send a test message."""
    found = _own(request)
    if _within_limit(request, SEND_LIMIT):
        try:
            send_test(webhook=found)
        except CannotSendError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, _("Test queued. Refresh this page in a few seconds to see the result."))
    return redirect("webhook")


@login_required
@require_POST
@_404_if_deleted
def webhook_again(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Send one of the customer's messages again."""
    delivery = get_object_or_404(Delivery, pk=delivery_id, webhook__customer=customer_of(request))
    if _within_limit(request, SEND_LIMIT):
        try:
            is_queued = send_again(delivery=delivery)
        except CannotSendError as problem:
            messages.error(request, str(problem))
        else:
            messages.info(request, _("Message queued again.") if is_queued else _("This message is already queued."))
    return redirect("webhook")


def _within_limit(request: HttpRequest, limit: Limit) -> bool:
    """Count one more request; False, with a message for the customer, where the limit is reached."""
    taken = take(limit, who=str(customer_of(request).pk))
    if taken.is_over:
        minutes = -(-taken.reset // 60)
        text = ngettext(
            "Too many requests. Try again in %(minutes)s minute.",
            "Too many requests. Try again in %(minutes)s minutes.",
            minutes,
        )
        messages.error(request, text % {"minutes": minutes})
    return not taken.is_over


def _own(request: HttpRequest) -> Webhook:
    return get_object_or_404(Webhook, customer=customer_of(request))


@sensitive_variables("secret")
def _page(request: HttpRequest, form: AddressForm, *, status: int = 200, secret: Secret | None = None) -> HttpResponse:
    found = Webhook.objects.filter(customer=customer_of(request)).first()
    deliveries = Delivery.objects.filter(webhook=found).order_by("-pk") if found else Delivery.objects.none()
    context: dict[str, Any] = {
        "form": form,
        "webhook": found,
        "secret": secret.reveal() if secret else "",
        "seconds": DEADLINE_SECONDS,
        "retries": len(RETRIES),
        "waiting": waiting_of([found.pk]).get(found.pk, 0) if found else 0,
        "max_waiting": MAX_WAITING,
        "page": Paginator(deliveries, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "webhooks/webhook.html", context, status=status)
