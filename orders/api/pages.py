"""The API page of the site: the customer's keys, the documentation, examples and a console for read-only calls."""

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.api import openapi
from orders.api.actions import ACTIONS, Call
from orders.api.console import ConsoleForm, KeyForm, RepeatForm
from orders.api.params import ApiError, form_params
from orders.api.service_list import Prebuilt
from orders.rules.serializers import error
from panel.customers.keys import ApiClient, ApiKeyError, IssuedKey, active_keys, issue_key, revoke_key, rotate_key
from panel.customers.models import ApiKey, User
from panel.customers.signed_in import customer_of
from panel.web.access import confirm_it_is_you

CONSOLE_SERVICES = 3


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def api_page(request: HttpRequest) -> HttpResponse:
    """The page; posting creates a key and shows it this once. An invalid form comes back with status 422."""
    form = KeyForm(request.POST or None)
    if request.method != "POST":
        return _page(request, form)
    confirm_it_is_you(request, keeps_form=True)
    if form.is_valid():
        try:
            issued = issue_key(
                customer=customer_of(request),
                actor=customer_of(request).email,
                now=timezone.now(),
                **form.key_options(),
            )
        except ApiKeyError as problem:
            form.add_error(None, str(problem))
        else:
            return _page(request, KeyForm(), issued=issued)
    return _page(request, form, status=422)


@login_required
@require_POST
def api_key_rotate(request: HttpRequest, key_id: int) -> HttpResponse:
    """Create a key that replaces one of the customer's, which works for another day."""
    confirm_it_is_you(request, keeps_form=True)
    try:
        issued = rotate_key(key=_own_key(request, key_id), actor=customer_of(request).email, now=timezone.now())
    except ApiKeyError as problem:
        messages.warning(request, str(problem))
        return redirect("api_page")
    return _page(request, KeyForm(), issued=issued)


@login_required
@require_POST
def api_key_revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """Revoke one of the customer's keys at once."""
    key = _own_key(request, key_id)
    revoke_key(key=key, actor=customer_of(request).email, now=timezone.now())
    text = _("API key “%(name)s” revoked. Apps that use it no longer have access.")
    messages.success(request, text % {"name": key.name})
    return redirect("api_page")


@login_required
@require_POST
def api_console(request: HttpRequest) -> HttpResponse:
    """Run a read-only action, and show the request and the response."""
    form = ConsoleForm(request.POST)
    context: dict[str, Any] = {"console": form}
    if form.is_valid():
        params = form.params()
        sent = {"key": "YOUR_KEY", **params}
        context |= {"call": _pretty(sent), "answer": _pretty(_run(customer_of(request), params))}
    if getattr(request, "htmx", False):
        return render(request, "api/_console.html", context, status=200 if form.is_valid() else 422)
    return _page(request, KeyForm(), status=200 if form.is_valid() else 422, **context)


@login_required
@require_POST
def api_repeats(request: HttpRequest) -> HttpResponse:
    """Set the duplicate protection of the customer's API orders."""
    form = RepeatForm(request.POST)
    if not form.is_valid():
        return _page(request, KeyForm(), status=422, repeats=form)
    seconds = form.cleaned_data["seconds"]
    User.objects.filter(pk=customer_of(request).pk).update(repeat_seconds=seconds)
    text = ngettext(
        "Identical API orders within %(seconds)s second now count as one.",
        "Identical API orders within %(seconds)s seconds now count as one.",
        seconds,
    )
    off = _("Duplicate protection is off. Every API call to add now places a new order.")
    messages.success(request, text % {"seconds": f"{seconds:,}"} if seconds else off)
    return redirect("api_page")


@require_safe
def api_openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 specification of the API, open to everybody."""
    return JsonResponse(openapi.openapi(title=settings.SITE_NAME, url=settings.SITE_URL))


@sensitive_variables("issued")
def _page(
    request: HttpRequest, form: KeyForm, *, issued: IssuedKey | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    customer = customer_of(request)
    keys = list(active_keys(customer=customer, now=timezone.now()))
    context = {
        "form": form,
        "keys": keys,
        "issued": issued,
        "secret": issued.secret.reveal() if issued else "",
        "url": f"{settings.SITE_URL}/api/v2",
        "example_key": f"{keys[0].prefix}_…" if keys else "YOUR_KEY",
        "sections": [(section, _pretty(section.answer)) for section in openapi.SECTIONS],
        "types": openapi.types(),
        "errors": openapi.ERRORS.items(),
        "console": ConsoleForm(),
        "repeats": RepeatForm(initial={"seconds": customer.repeat_seconds}),
        **more,
    }
    return render(request, "api/api.html", context, status=status)


def _run(customer: User, params: dict[str, str]) -> Any:
    """The response of the action as a client gets it, with the first services only."""
    holder = ApiClient(key_id=0, customer_id=customer.pk, email=customer.email, is_read_only=True)
    try:
        answer = ACTIONS[params["action"]].run(Call(holder, form_params(params), timezone.now()))
    except ApiError as problem:
        return error(str(problem))
    if isinstance(answer, Prebuilt):
        return json.loads(answer.body)[:CONSOLE_SERVICES]
    return answer


def _pretty(answer: Any) -> str:
    return json.dumps(answer, indent=2, ensure_ascii=False)


def _own_key(request: HttpRequest, key_id: int) -> ApiKey:
    return get_object_or_404(active_keys(customer=customer_of(request), now=timezone.now()), pk=key_id)
