"""The staff page of refills and cancels: open, unanswered, refused and done requests."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from orders.aftercare.decisions import CannotDecideError, close_request, send_again
from orders.aftercare.unanswered_requests import unanswered_cancels, unanswered_refills
from orders.models import Cancellation, Refill
from orders.site.filters import read_choice, read_number
from panel.ops.admin_forms.base import actor_of
from panel.web.access import need, staff_only
from panel.web.text_input import read_reason
from providers.models import Provider

PAGE_SIZE = 50
FILTERS = ("kind", "provider", "state", "page")
MODELS: dict[str, type[Refill] | type[Cancellation]] = {"refills": Refill, "cancels": Cancellation}


@dataclass(frozen=True, slots=True)
class Tab:
    """One filter of the page: `slug` is its name in the address."""

    slug: str
    label: str
    count: int | None = None


@staff_only("orders.view_order")
@require_safe
def staff_requests(request: HttpRequest) -> HttpResponse:
    """Refills or cancels by status, of all providers or of one."""
    problems: list[str] = []
    kind = read_choice(request.GET, "kind", of=MODELS, label=_("Refills or cancels"), problems=problems) or "refills"
    provider = read_number(request.GET, "provider", label=_("Provider"), problems=problems)
    by_state, unanswered = _by_state(kind, provider), {one: _unanswered(one, provider).count() for one in MODELS}
    state = read_choice(request.GET, "state", of=by_state, label=_("Status"), problems=problems) or "unanswered"
    listed = by_state[state].none() if problems else by_state[state]
    rows = listed.select_related("order__service", "order__provider", "order__customer").order_by("-pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "kind": kind,
        "state": state,
        "kinds": [
            Tab("refills", _("Refills"), unanswered["refills"]),
            Tab("cancels", _("Cancels"), unanswered["cancels"]),
        ],
        "states": [
            Tab("unanswered", _("No answer"), unanswered[kind]),
            Tab("open", _("Open"), by_state["open"].count()),
            Tab("refused", _("Rejected")),
            Tab("ended", _("Done")),
        ],
        "providers": Provider.objects.order_by("name", "pk"),
        "provider": provider,
        "problems": problems,
        "filters": _filters(request).urlencode(),
        "may_decide": request.user.has_perm("orders.change_order"),
    }
    return render(request, "staff/requests.html", context)


@staff_only("orders.view_order")
@require_POST
def decide(request: HttpRequest, kind: str, request_id: int, verdict: str) -> HttpResponse:
    """Send a request again or close it, then show the page with the same filters."""
    need(request, "orders.change_order")
    if kind not in MODELS or verdict not in {"again", "close"}:
        raise Http404
    row: Any = get_object_or_404(MODELS[kind]._default_manager.select_related("order"), pk=request_id)
    actor, values = actor_of(request), {"order": row.order_id}
    try:
        if verdict == "again":
            send_again(request=row, actor=actor)
            messages.success(request, _("Order #%(order)d: the request is sent again within minutes.") % values)
        else:
            close_request(request=row, actor=actor, reason=read_reason(request))
            messages.success(request, _("Order #%(order)d: the request is closed as refused.") % values)
    except CannotDecideError as error:
        messages.error(request, _("Order #%(order)d: %(error)s") % {**values, "error": error})
    filters = _filters(request)
    filters["kind"] = kind
    return redirect(f"{reverse('staff_requests')}?{filters.urlencode()}")


def _filters(request: HttpRequest) -> QueryDict:
    """The filters in the address."""
    kept = QueryDict(mutable=True)
    kept.update({name: request.GET[name] for name in FILTERS if request.GET.get(name)})
    return kept


def _unanswered(kind: str, provider: int | None) -> QuerySet[Any]:
    return _at(provider, unanswered_refills() if kind == "refills" else unanswered_cancels())


def _at(provider: int | None, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows if provider is None else rows.filter(order__provider=provider)


def _by_state(kind: str, provider: int | None) -> dict[str, QuerySet[Any]]:
    """The requests by status, of all providers or of one."""
    model = MODELS[kind]
    refused = "rejected" if kind == "refills" else "refused"
    rows = _at(provider, model._default_manager.all())
    return {
        "unanswered": _unanswered(kind, provider),
        "open": rows.filter(state__in=model.OPEN),
        "refused": rows.filter(state=refused),
        "ended": rows.exclude(state__in=[*model.OPEN, refused]),
    }
