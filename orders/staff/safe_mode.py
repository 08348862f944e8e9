"""The staff page of safe mode: why it is on, unmatched provider orders with their decisions, and how to end it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from orders.core import safe_mode
from orders.core.high_water import MarkError
from orders.models import UnmatchedOrder
from orders.site.service_picker import read_id
from orders.unconfirmed.decisions import CannotResolveError
from orders.unconfirmed.restore_search import (
    CannotSearchError,
    adopt_orphan,
    candidates,
    find_orphans,
    not_ours,
    open_orphans,
    write_off_orphan,
)
from panel.lib.crypto import SealError
from panel.ops.admin_forms.base import actor_of
from panel.web.access import confirm_it_is_you, need, staff_only
from panel.web.text_input import read_reason
from providers.adapters.errors import RetryLater
from providers.models import Provider

MAX_LISTED = 50


@staff_only("orders.view_unmatchedorder")
@require_safe
def staff_safe_mode(request: HttpRequest) -> HttpResponse:
    """Show whether it is on, and the open unmatched orders, each with the orders it may match."""
    rows = open_orphans()
    context = {
        "why": safe_mode.current_reason(),
        "said": safe_mode.CUSTOMER_NOTICE,
        "orphans": [(orphan, candidates(orphan=orphan)) for orphan in rows[:MAX_LISTED]],
        "count": rows.count(),
        "providers": Provider.objects.order_by("name"),
        "may_decide": request.user.has_perm("orders.change_unmatchedorder"),
    }
    return render(request, "staff/safe_mode.html", context)


@staff_only("orders.view_unmatchedorder")
@require_POST
def look_for_orphans(request: HttpRequest, provider_id: int) -> HttpResponse:
    """Search one provider for unmatched orders."""
    need(request, "orders.change_unmatchedorder")
    provider = get_object_or_404(Provider, pk=provider_id)
    try:
        result = find_orphans(provider=provider)
    except (CannotSearchError, RetryLater, SealError) as problem:
        messages.error(request, _("%(provider)s: %(error)s") % {"provider": provider, "error": problem})
    else:
        if result.is_complete:
            text = _("%(provider)s: %(asked)s order IDs checked, %(found)s unknown orders found. Search complete.")
        else:
            text = _(
                "%(provider)s: %(asked)s order IDs checked, %(found)s unknown orders found. Search again for more."
            )
        counts = {"asked": f"{result.asked:,}", "found": f"{result.found:,}"}
        messages.success(request, text % {"provider": provider, **counts})
    return redirect("staff_safe_mode")


@staff_only("orders.view_unmatchedorder")
@require_POST
def decide_orphan(request: HttpRequest, orphan_id: int, verdict: str) -> HttpResponse:
    """Carry out a decision on an unmatched order."""
    need(request, "orders.change_unmatchedorder")
    confirm_it_is_you(request, keeps_form=True)
    orphan = get_object_or_404(UnmatchedOrder, pk=orphan_id)
    reason, actor = read_reason(request), actor_of(request)
    try:
        if verdict == "adopt":
            order_id = read_id(request.POST.get("order", ""))
            if order_id is None:
                raise CannotResolveError(_("Choose the order it matches."))
            adopt_orphan(orphan_id=orphan.pk, order_id=order_id, actor=actor, reason=reason)
        elif verdict == "lost":
            write_off_orphan(orphan_id=orphan.pk, actor=actor, reason=reason)
        elif verdict == "not-ours":
            not_ours(orphan_id=orphan.pk, actor=actor, reason=reason)
        else:
            raise Http404
    except CannotResolveError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Decision saved."))
    return redirect("staff_safe_mode")


@staff_only("orders.view_unmatchedorder")
@require_POST
def switch_safe_mode(request: HttpRequest, to: str) -> HttpResponse:
    """Turn safe mode on or off, with a reason."""
    need(request, "orders.change_unmatchedorder")
    confirm_it_is_you(request, keeps_form=True)
    reason, actor = read_reason(request), actor_of(request)
    if not reason:
        messages.error(request, _("Enter a reason. It is saved to the audit log."))
    else:
        _switch(request, to, reason, actor)
    return redirect("staff_safe_mode")


def _switch(request: HttpRequest, to: str, reason: str, actor: str) -> None:
    try:
        if to == "on":
            safe_mode.switch_on(reason=reason, actor=actor)
            messages.success(request, _("Safe mode is on."))
        else:
            safe_mode.switch_off(reason=reason, actor=actor, undecided=open_orphans().count())
            messages.success(request, _("Safe mode is off. Queued orders are sent again."))
    except (safe_mode.UndecidedOrdersError, MarkError) as problem:
        messages.error(request, str(problem))
