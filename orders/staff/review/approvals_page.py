"""The staff page of approvals: requests that need a second staff member."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from orders.site.filters import read_choice
from orders.staff.review.approvals import ACTIONS, approve
from panel.wallet.approvals.own_money import OwnMoneyError, is_same_person
from panel.wallet.approvals.requests import decline, withdraw
from panel.wallet.approvals.second_approval import VALID_FOR, CannotApproveError
from panel.wallet.models import ApprovalRequest
from panel.web.access import actor_of, confirm_it_is_you, need, staff_only
from panel.web.text_input import read_reason

PAGE_SIZE = 50
PLACES = {"user": "admin:customers_user_change", "topup": "admin:wallet_topup_change", "order": "staff_order"}
"""The page of a request's subject, by the first part of it."""


@staff_only("wallet.view_approvalrequest")
@require_safe
def staff_approvals(request: HttpRequest) -> HttpResponse:
    """Waiting requests, the oldest first, or decided ones, the newest first."""
    tabs, problems = {"waiting": _("Waiting"), "decided": _("Decided")}, list[str]()
    chosen = read_choice(request.GET, "show", of=tabs, label=_("Show"), problems=problems) or "waiting"
    rows, waiting = (
        ApprovalRequest.objects.select_related("customer", "requested_by", "decided_by"),
        {"state": "waiting"},
    )
    found = rows.filter(**waiting).order_by("pk") if chosen == "waiting" else rows.exclude(**waiting).order_by("-pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "chosen": chosen, "tabs": tabs, "problems": problems}
    return render(request, "staff/approvals.html", context)


@staff_only("wallet.view_approvalrequest")
@require_safe
def staff_approval(request: HttpRequest, request_id: int) -> HttpResponse:
    """One request, with its actions."""
    return _page(request, _find(request_id))


@staff_only("wallet.view_approvalrequest")
@require_POST
def decide(request: HttpRequest, request_id: int, verdict: str) -> HttpResponse:
    """Approve, decline or withdraw a request, or show the page again with the error where that is refused."""
    if not any(request.user.has_perm(action.permission) for action in ACTIONS.values()):
        raise PermissionDenied
    found, actor, now = _find(request_id), actor_of(request), timezone.now()
    if verdict != "withdraw":  # which is for the person who asked, whatever their role is by now
        need(request, ACTIONS[found.action].permission)
    try:
        match verdict:
            case "approve":
                confirm_it_is_you(request, keeps_form=True)
                approve(request_id=found.pk, actor=actor)
                messages.success(request, _("Request %(number)d is approved and carried out.") % {"number": found.pk})
            case "decline":
                decline(request_id=found.pk, actor=actor, note=read_reason(request), now=now)
                messages.success(request, _("Request %(number)d is declined.") % {"number": found.pk})
            case "withdraw":
                withdraw(request_id=found.pk, actor=actor, now=now)
                messages.success(request, _("Request %(number)d is withdrawn.") % {"number": found.pk})
            case _:
                raise Http404
    except CannotApproveError as problem:
        return _page(request, _find(request_id), error=str(problem), entered=read_reason(request), status=422)
    return redirect("staff_approvals")


def _find(request_id: int) -> ApprovalRequest:
    rows = ApprovalRequest.objects.select_related("customer", "requested_by", "decided_by")
    return get_object_or_404(rows, pk=request_id)


def _page(
    request: HttpRequest, found: ApprovalRequest, *, error: str = "", entered: str = "", status: int = 200
) -> HttpResponse:
    is_mine = found.requested_by_id == request.user.pk
    blocked = _blocked_reason(request, found)
    context: dict[str, Any] = {
        "request_shown": found,
        "subject": _subject(found),
        "subject_url": reverse(PLACES[found.subject.partition(":")[0]], args=[_number(found)]),
        "expires_at": found.requested_at + VALID_FOR,
        "is_waiting": found.state == ApprovalRequest.State.WAITING,
        "is_mine": is_mine,
        "blocked": blocked,
        "error": error,
        "entered": entered,
    }
    return render(request, "staff/approval.html", context, status=status)


def _blocked_reason(request: HttpRequest, found: ApprovalRequest) -> str:
    """Why this person can't approve or decline the request; empty where they can."""
    if found.requested_by_id == request.user.pk:
        return _("You made this request. Another staff member must approve it.")
    if not request.user.has_perm(ACTIONS[found.action].permission):
        return _("Your role doesn't allow you to decide on this request.")
    if is_same_person(actor=actor_of(request), customer=found.customer):
        return str(OwnMoneyError())
    return ""


def _subject(found: ApprovalRequest) -> str:
    """The subject of the request, as text."""
    labels = {"user": _("Customer #%(number)s"), "topup": _("Deposit #%(number)s"), "order": _("Order #%(number)s")}
    return labels[found.subject.partition(":")[0]] % {"number": _number(found)}


def _number(found: ApprovalRequest) -> str:
    return found.subject.partition(":")[2]
