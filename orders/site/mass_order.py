"""The mass order page: checks lines, shows their charges and places the valid ones; the others come back to edit."""

import secrets
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from orders.placing.mass import MOST_LINES, Line, MassOrderError, check_lines, place_lines
from orders.rules.idempotency import page_token
from orders.site.access import customer_of
from panel.lib.money import ZERO, AmountError, parse_amount
from panel.wallet.statement import wallet_balance


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mass_order(request: HttpRequest) -> HttpResponse:
    """The page. Posting checks the lines; posting with `place` places those that were shown as valid."""
    if request.method != "POST":
        return _page(request, {"text": ""})
    text = request.POST.get("text", "")
    try:
        if "place" in request.POST:
            return _placed(request, text)
        lines = check_lines(customer=customer_of(request), text=text)
    except MassOrderError as error:
        return _page(request, {"text": text, "error": str(error)}, status=422)
    return _page(request, {"text": text, **_summary(request, lines), "token": secrets.token_urlsafe(24)})


def _placed(request: HttpRequest, text: str) -> HttpResponse:
    token = page_token(request.POST.get("token", ""))
    if token is None:
        raise MassOrderError(_("This page was out of date. Check your lines again, then place them."))
    lines = place_lines(
        customer=customer_of(request), text=text, agreed=_agreed(request.POST), token=token, now=timezone.now()
    )
    bad = [line for line in lines if line.problem]
    context = {
        "placed": [line for line in lines if line.order_id],
        "bad": bad,
        "spent": sum((line.charge or ZERO for line in lines if line.order_id), ZERO),
        "text": "\n".join(line.text for line in bad),
        "balance": wallet_balance(user=customer_of(request)),
    }
    return _page(request, context, status=422 if bad and len(bad) == len(lines) else 200)


def _agreed(data: QueryDict) -> dict[int, Decimal]:
    """The charges that were shown, by line."""
    charges = {}
    for number in range(1, MOST_LINES + 1):
        try:
            charges[number] = parse_amount(data.get(f"charge-{number}", ""))
        except AmountError:
            continue
    return charges


def _summary(request: HttpRequest, lines: list[Line]) -> dict[str, Any]:
    balance = wallet_balance(user=customer_of(request))
    good = [line for line in lines if line.is_good]
    total = sum((line.charge or ZERO for line in good), ZERO)
    return {
        "lines": lines,
        "good": good,
        "bad_count": len(lines) - len(good),
        "total": total,
        "balance": balance,
        "after": balance - total if total <= balance else None,
        "short": total - balance if total > balance else None,
    }


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    template = "orders/_mass.html" if getattr(request, "htmx", False) else "orders/mass.html"
    return render(request, template, {"most": MOST_LINES, **context}, status=status)
