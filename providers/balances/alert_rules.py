"""Applies the rules for a provider's balance: alerts, and a pause if too much money is missing.

Called after each reading. An alert closes, and a pause ends, with the first reading that gives no cause for it.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from panel.lib.money import ZERO
from panel.ops import audit
from panel.ops.alerts.alerts import AlertText, is_alert_open, lock_subject
from panel.ops.models import Alert
from panel.web.formatting import money_text
from providers.availability.alerts import update_provider_alert
from providers.availability.circuit_breaker import pause_provider, resume_provider
from providers.availability.pause_texts import ENDED_BY_STAFF
from providers.balances.runway import format_runway, runway_of
from providers.balances.spending import Spending, spending_by_provider
from providers.models import BalanceReading, Pause, Provider

SHARE_OF_A_DAY = 200
"""Orders are paused if more is missing than this share of a day's spending, or than the largest order."""


class NotPausedError(Exception):
    """The provider is not paused for this reason, or staff cannot end this pause; nothing was changed."""


def update_balance_alerts(*, provider: Provider, now: datetime) -> None:
    """Update the pause and the alerts from the provider's latest readings. Called after each reading."""
    with transaction.atomic():
        lock_subject(f"readings:{provider.pk}")
        newest = list(BalanceReading.objects.filter(provider=provider).order_by("-at", "-pk")[:2])
        if not newest:
            return
        reading, earlier = newest[0], newest[-1] if len(newest) > 1 else None
        spend = spending_by_provider(now=now, provider_ids=[provider.pk])[provider.pk]
        provider.refresh_from_db(fields=["accepted_missing"])
        exceeds = _check_drift(provider, reading, earlier, spend)
        update_provider_alert(kind="balance-low", provider_id=provider.pk, condition=partial(_low, reading=reading))
        update_provider_alert(
            kind="drift", provider_id=provider.pk, condition=partial(_drift, reading=reading, exceeds=exceeds)
        )
        update_provider_alert(
            kind="runway", provider_id=provider.pk, condition=partial(_short, reading=reading, spend=spend)
        )


def end_pause(*, provider_id: int, pause: str, actor: str, reason: str) -> None:
    """End a pause by hand. If the cause is still there, the provider is paused again.

    Raises NotPausedError, also if only the panel may end this pause.
    """
    if pause == Pause.Reason.DRIFT:
        resume_despite_drift(provider_id=provider_id, actor=actor, reason=reason)
        return
    if pause not in ENDED_BY_STAFF:
        raise NotPausedError(_("This pause ends automatically and cannot be ended by hand."))
    with transaction.atomic(durable=True):
        if not resume_provider(provider_id=provider_id, reason=pause):
            raise NotPausedError(_("The provider is no longer paused for this reason."))
        detail = {"reason": reason, "pause": pause}
        audit.record(actor=actor, action="provider.resume", target=f"provider:{provider_id}", detail=detail)


def resume_despite_drift(*, provider_id: int, actor: str, reason: str) -> None:
    """Resume orders although money is missing; the provider is paused again only if more goes missing.

    Raises NotPausedError.
    """
    with transaction.atomic(durable=True):
        reading = BalanceReading.objects.filter(provider=provider_id).order_by("-at", "-pk").first()
        missing = max(ZERO, -reading.drift) if reading else ZERO
        Provider.objects.filter(pk=provider_id).update(accepted_missing=missing)
        if not resume_provider(provider_id=provider_id, reason="drift"):
            raise NotPausedError(_("The provider is no longer paused for missing money."))
        detail = {"reason": reason, "missing": f"{missing.normalize():f}"}
        audit.record(actor=actor, action="provider.resume", target=f"provider:{provider_id}", detail=detail)


def exceeds_drift_limit(missing: Decimal, spend: Spending) -> bool:
    """Whether so much is missing that no more orders should be sent."""
    return missing > min(spend.largest, spend.day / SHARE_OF_A_DAY)


def _check_drift(provider: Provider, reading: BalanceReading, earlier: BalanceReading | None, spend: Spending) -> bool:
    """Pause the provider if too much is missing, or end that pause. Returns whether an alert without pause is needed.

    Drift counts only if it exceeds the threshold twice in a row.
    """
    limit = provider.drift_threshold
    if abs(reading.drift) <= limit:
        Provider.objects.filter(pk=provider.pk).exclude(accepted_missing=0).update(accepted_missing=0)
        resume_provider(provider_id=provider.pk, reason="drift")
        return False
    if earlier is None or abs(earlier.drift) <= limit:
        return False
    unaccepted = -reading.drift - provider.accepted_missing
    if unaccepted > limit and exceeds_drift_limit(unaccepted, spend):
        pause_provider(provider_id=provider.pk, reason="drift")
        return False
    return not provider.pauses.filter(reason="drift").exists()


def _low(provider: Provider, *, reading: BalanceReading) -> AlertText | None:
    if reading.balance >= provider.low_balance:
        return None
    facts = {"provider": provider, "balance": money_text(reading.balance, currency=reading.currency)}
    return AlertText(
        Alert.Level.WARNING,
        _("Low balance at %(provider)s") % facts,
        _("%(balance)s left. Top it up, or orders will wait.") % facts,
    )


def _short(provider: Provider, *, reading: BalanceReading, spend: Spending) -> AlertText | None:
    """The alert of a short runway. It closes only a quarter above the limit, so that it does not flap."""
    runway, limit = runway_of(reading.balance, spend), timedelta(hours=provider.runway_hours)
    ends_at = limit * 5 / 4 if is_alert_open(f"runway:{provider.pk}") else limit
    if runway is None or runway >= ends_at:
        return None
    facts = {
        "provider": provider,
        "hours": provider.runway_hours,
        "runway": format_runway(runway),
        "spending": money_text(spend.per_day, currency=reading.currency),
    }
    return AlertText(
        Alert.Level.WARNING,
        _("Balance at %(provider)s lasts less than %(hours)s hours") % facts,
        _("It lasts %(runway)s at the current spending of %(spending)s a day. Top it up, or orders will wait.") % facts,
    )


def _drift(provider: Provider, *, reading: BalanceReading, exceeds: bool) -> AlertText | None:
    if not exceeds:
        return None
    facts = {"provider": provider, "amount": money_text(abs(reading.drift), currency=reading.currency)}
    text = _("The balance is %(amount)s less than the ledger explains.")
    if reading.drift > 0:
        text = _("The balance is %(amount)s more than the ledger explains.")
    return AlertText(Alert.Level.WARNING, _("Balance drift at %(provider)s") % facts, text % facts)
