"""The staff's page of changes at providers: what needs review, and below it the log of all changes."""

from datetime import datetime
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from panel.web.access import need, staff_only
from panel.web.text_input import read_reason, read_seen_at, read_text
from providers.catalog.publishing.category_moves import waiting_moves_by_provider
from providers.catalog.review.changes import changes_page, pairs_of, pending_review_page
from providers.catalog.review.pending_review import (
    ChangedMeanwhileError,
    accept_list,
    accept_prices,
    confirm_services,
    keep_disabled,
    services_pending_review,
)
from providers.models import Provider, ServiceChange, UpstreamService
from providers.sync.service_sync import SyncFailedError

MAX_SEARCH_LENGTH = 100
SEE = "providers.view_servicechange"
EXCHANGE_RATE = forms.DecimalField(max_digits=18, decimal_places=10, min_value=Decimal("0.0000000001"))


@staff_only(SEE)
@require_safe
def staff_changes(request: HttpRequest) -> HttpResponse:
    """What needs review, of all providers or one; below it the log, filtered by provider, kind and search."""
    now = timezone.now()  # before anything is read: what changes meanwhile was not seen
    provider, doubt = _number(request.GET.get("provider", "")), request.GET.get("doubt", "")
    kind, search = request.GET.get("kind", ""), read_text(request.GET, "q", max_length=MAX_SEARCH_LENGTH)
    kind = kind if kind in ServiceChange.Kind.values else ""
    doubt = doubt if doubt in UpstreamService.ReviewReason.values else ""
    log = changes_page(provider=provider, kind=kind, search=search, before=_number(request.GET.get("before", "")))
    providers = list(Provider.objects.order_by("name", "pk"))
    context = {
        "held": pending_review_page(provider=provider, review_reason=doubt, number=request.GET.get("page")),
        "held_providers": [one for one in providers if one.held_list or one.prices_held_at],
        "waiting_moves": waiting_moves_by_provider(),
        "log": log,
        "lines": [(line, pairs_of(line)) for line in log.lines],
        "providers": providers,
        "provider": provider,
        "doubt": doubt,
        "doubts": UpstreamService.ReviewReason.choices,
        "kind": kind,
        "kinds": ServiceChange.Kind.choices,
        "search": search,
        "now": now,
        "may_decide": request.user.has_perm("catalog.change_service"),
        "may_decide_provider": request.user.has_perm("providers.change_provider"),
    }
    return render(request, "staff/changes.html", context)


@staff_only(SEE)
@require_POST
def decide_services(request: HttpRequest, verdict: str) -> HttpResponse:
    """Accept or disable services: the one whose button was pressed, the selected ones, or all that match."""
    need(request, "catalog.change_service")
    if verdict not in {"accept", "keep"}:
        raise Http404
    ids, actor, reason = _chosen(request), request.user.get_username(), read_reason(request)
    if not ids:
        messages.error(request, _("Select at least one service."))
    elif verdict == "keep":
        count = keep_disabled(service_ids=ids, actor=actor, reason=reason, seen_at=read_seen_at(request))
        messages.success(request, _disabled(count))
        if left := len(ids) - count:
            messages.warning(request, _still_pending(left))
    else:
        now = timezone.now()
        count = confirm_services(service_ids=ids, actor=actor, now=now, reason=reason, seen_at=read_seen_at(request))
        messages.success(request, _accepted(count))
        if left := len(ids) - count:
            messages.warning(request, _still_pending(left))
    return redirect("staff_changes")


@staff_only(SEE)
@require_POST
def decide_provider(request: HttpRequest, provider_id: int, what: str) -> HttpResponse:
    """Accept a provider's held prices or its held list."""
    need(request, "providers.change_provider")
    provider = get_object_or_404(Provider, pk=provider_id)
    actor, reason, now = request.user.get_username(), read_reason(request), timezone.now()
    if what == "prices":
        _accept_prices(request, provider, actor, reason, now)
    elif what == "list":
        _accept_list(request, provider, actor, reason, now)
    else:
        raise Http404
    return redirect("staff_changes")


def _accept_prices(request: HttpRequest, provider: Provider, actor: str, reason: str, now: datetime) -> None:
    """Accept the prices, with the exchange rate that was entered, if any."""
    text = request.POST.get("exchange_rate", "").strip()
    try:
        is_accepted = accept_prices(
            provider=provider,
            actor=actor,
            now=now,
            seen_at=read_seen_at(request),
            reason=reason,
            exchange_rate=EXCHANGE_RATE.clean(text) if text else None,
        )
    except ValidationError as error:
        messages.error(request, _("Exchange rate: %(problem)s") % {"problem": " ".join(error.messages)})
    except ChangedMeanwhileError as error:
        messages.warning(request, f"{provider}: {error}")
    else:
        if is_accepted:
            messages.success(
                request, _("%(provider)s: prices accepted. Its services are on sale again.") % {"provider": provider}
            )
        else:
            messages.info(request, _("%(provider)s: the prices no longer need review.") % {"provider": provider})


def _accept_list(request: HttpRequest, provider: Provider, actor: str, reason: str, now: datetime) -> None:
    try:
        report = accept_list(provider=provider, actor=actor, now=now, seen_at=read_seen_at(request), reason=reason)
    except SyncFailedError as error:
        messages.error(request, _("%(provider)s: sync failed. %(problem)s") % {"provider": provider, "problem": error})
        return
    if report.problem:
        messages.warning(
            request, _("%(provider)s: list held again. %(problem)s") % {"provider": provider, "problem": report.problem}
        )
    else:
        text = ngettext(
            "%(provider)s: list accepted. %(count)s service was removed.",
            "%(provider)s: list accepted. %(count)s services were removed.",
            report.removed,
        )
        messages.success(request, text % {"provider": provider, "count": f"{report.removed:,}"})


def _accepted(count: int) -> str:
    text = ngettext(
        "%(count)s service accepted. It is sold as the provider lists it.",
        "%(count)s services accepted. They are sold as the provider lists them.",
        count,
    )
    return text % {"count": f"{count:,}"}


def _disabled(count: int) -> str:
    text = ngettext(
        "%(count)s service disabled. It needs review when it is enabled again.",
        "%(count)s services disabled. They need review when they are enabled again.",
        count,
    )
    return text % {"count": f"{count:,}"}


def _still_pending(count: int) -> str:
    text = ngettext(
        "%(count)s service still needs review: it changed since you opened the page, or its data is invalid.",
        "%(count)s services still need review: they changed since you opened the page, or their data is invalid.",
        count,
    )
    return text % {"count": f"{count:,}"}


def _chosen(request: HttpRequest) -> list[int]:
    if one := _number(request.POST.get("one", "")):
        return [one]
    if "all" in request.POST:
        rows, provider = services_pending_review(), _number(request.POST.get("provider", ""))
        rows = rows.filter(provider=provider) if provider else rows
        doubt = request.POST.get("doubt", "")
        rows = rows.filter(upstream__review_reason=doubt) if doubt else rows
        return list(rows.values_list("pk", flat=True))
    return [number for text in request.POST.getlist("service") if (number := _number(text))]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
