"""Actions on a provider's balance drift: record what explains it, or resume the provider with a reason."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from orders.accounting.drift import drift_facts
from panel.wallet.models import Transfer
from panel.web.access import confirm_it_is_you, need, staff_only
from panel.web.formatting import money_text
from panel.web.text_input import read_reason
from providers.balances.alert_rules import NotPausedError, end_pause
from providers.balances.corrections import CorrectionError, correction_types_for, record_correction
from providers.balances.provider_balances import ProviderBalance
from providers.models import Pause, Provider


def drift_of(funding: ProviderBalance, *, latest: Iterable[Transfer], now: datetime) -> dict[str, Any]:
    """The drift as the page shows it; empty where balance and ledger match. `latest` are the last ledger entries."""
    reading = funding.reading
    if reading is None or (not reading.drift and reading.balance >= reading.expected):
        return {}
    facts = drift_facts(provider=funding.provider, reading=reading, now=now)
    return {
        "facts": facts,
        "is_booked": any(booked.created_at >= reading.at for booked in latest),
        "explanations": correction_types_for(drift=reading.drift),
        "suspects_cost": sum(order.expected_cost for order in facts.suspects),
    }


@staff_only("providers.view_balancereading")
@require_POST
def explain(request: HttpRequest, provider_id: int) -> HttpResponse:
    """Record the drift in the ledger as what it is."""
    need(request, "wallet.add_transfer")
    confirm_it_is_you(request, keeps_form=True)
    provider = get_object_or_404(Provider, pk=provider_id)
    reading = request.POST.get("reading", "")
    try:
        booked = record_correction(
            provider=provider,
            reading_id=int(reading) if reading.isascii() and reading.isdigit() and len(reading) <= 18 else 0,
            slug=request.POST.get("as", ""),
            reason=read_reason(request, max_length=150),
            actor=request.user.get_username(),
        )
    except CorrectionError as error:
        messages.error(request, str(error))
    else:
        amount = money_text(booked, currency=provider.currency, plus=True)
        text = _("Recorded: %(amount)s. The next balance check shows whether the balance matches.")
        messages.success(request, text % {"amount": amount})
    return redirect("staff_provider", provider.pk)


@staff_only("providers.view_balancereading")
@require_POST
def resume(request: HttpRequest, provider_id: int) -> HttpResponse:
    """End a pause that a person may end; without a name, the one for balance drift."""
    need(request, "providers.change_provider")
    confirm_it_is_you(request, keeps_form=True)
    provider = get_object_or_404(Provider, pk=provider_id)
    reason = read_reason(request)
    if not reason:
        messages.error(request, _("Enter a reason. It is saved to the audit log."))
        return redirect("staff_provider", provider.pk)
    try:
        pause, actor = request.POST.get("pause", Pause.Reason.DRIFT), request.user.get_username()
        end_pause(provider_id=provider.pk, pause=pause, actor=actor, reason=reason)
    except NotPausedError as error:
        messages.info(request, str(error))
    else:
        messages.success(request, _resumed(provider, pause))
    return redirect("staff_provider", provider.pk)


def _resumed(provider: Provider, pause: str) -> str:
    left = provider.pauses.first()
    if left is not None:
        return _("This pause has ended. Orders still wait: %(reason)s.") % {"reason": left}
    if pause == Pause.Reason.DRIFT:
        return _("Orders are sent to this provider again. It is paused again if more money goes missing.")
    return _("Orders are sent to this provider again. It is paused again if the problem comes back.")
