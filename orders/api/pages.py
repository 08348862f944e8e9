"""The API's page on the site: the customer's keys, the document, examples, and a console for what only reads."""

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.api import openapi
from orders.api.actions import ACTIONS, Call
from orders.api.console import ConsoleForm, KeyForm, RepeatForm
from orders.api.params import ApiError, form_words
from orders.api.service_list import Prebuilt
from orders.rules.serializers import error
from panel.customers.keys import ApiClient, ApiKeyError, IssuedKey, active_keys, issue_key, revoke_key, rotate_key
from panel.customers.models import ApiKey, User
from panel.customers.signed_in import customer_of
from panel.web.access import confirm_it_is_you

SHOWN_SERVICES = 3


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def api_page(request: HttpRequest) -> HttpResponse:
    """The page; posting the form for a new key shows the key, this once. A wrong form comes back with status 422."""
    form = KeyForm(request.POST or None)
    if request.method != "POST":
        return _page(request, form)
    confirm_it_is_you(request, keeps_form=True)
    if form.is_valid():
        try:
            issued = issue_key(
                customer=customer_of(request), actor=customer_of(request).email, now=timezone.now(), **form.given()
            )
        except ApiKeyError as problem:
            form.add_error(None, str(problem))
        else:
            return _page(request, KeyForm(), issued=issued)
    return _page(request, form, status=422)


@login_required
@require_POST
def api_key_rotate(request: HttpRequest, key_id: int) -> HttpResponse:
    """A new key in the place of one of the customer's; the old one goes on for a day."""
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
    """End one of the customer's keys at once."""
    key = _own_key(request, key_id)
    revoke_key(key=key, actor=customer_of(request).email, now=timezone.now())
    messages.success(request, f"The key “{key.name}” is revoked. Programs that use it are refused from now on.")
    return redirect("api_page")


@login_required
@require_POST
def api_console(request: HttpRequest) -> HttpResponse:
    """Run an action that only reads, and show the call and its answer."""
    form = ConsoleForm(request.POST)
    context: dict[str, Any] = {"console": form}
    if form.is_valid():
        words = form.words()
        shown = {"key": "YOUR_KEY", **words}
        context |= {"call": _pretty(shown), "answer": _pretty(_run(customer_of(request), words))}
    if getattr(request, "htmx", False):
        return render(request, "api/_console.html", context, status=200 if form.is_valid() else 422)
    return _page(request, KeyForm(), status=200 if form.is_valid() else 422, **context)


@login_required
@require_POST
def api_repeats(request: HttpRequest) -> HttpResponse:
    """Set within how many seconds the same order is a repetition of the first."""
    form = RepeatForm(request.POST)
    if not form.is_valid():
        return _page(request, KeyForm(), status=422, repeats=form)
    seconds = form.cleaned_data["seconds"]
    User.objects.filter(pk=customer_of(request).pk).update(repeat_seconds=seconds)
    what = f"taken for the first one within {seconds:,} seconds" if seconds else "an order of its own each time"
    messages.success(request, f"The same order through the API is {what}.")
    return redirect("api_page")


@require_safe
def api_openapi(request: HttpRequest) -> HttpResponse:
    """The API as OpenAPI 3.1, open to everybody."""
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
        "chapters": [(chapter, _pretty(chapter.answer)) for chapter in openapi.CHAPTERS],
        "types": openapi.types(),
        "errors": openapi.ERRORS.items(),
        "console": ConsoleForm(),
        "repeats": RepeatForm(initial={"seconds": customer.repeat_seconds}),
        **more,
    }
    return render(request, "api/api.html", context, status=status)


def _run(customer: User, words: dict[str, str]) -> Any:
    """The action's answer as a program would get it; of a long list of services only the beginning."""
    holder = ApiClient(key_id=0, customer_id=customer.pk, email=customer.email, is_read_only=True)
    try:
        answer = ACTIONS[words["action"]].run(Call(holder, form_words(words), timezone.now()))
    except ApiError as problem:
        return error(str(problem))
    if isinstance(answer, Prebuilt):
        return json.loads(answer.body)[:SHOWN_SERVICES]
    return answer


def _pretty(answer: Any) -> str:
    return json.dumps(answer, indent=2, ensure_ascii=False)


def _own_key(request: HttpRequest, key_id: int) -> ApiKey:
    return get_object_or_404(active_keys(customer=customer_of(request), now=timezone.now()), pk=key_id)
