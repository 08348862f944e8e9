"""What follows from a reading of a provider's balance: alerts, and a pause where too much money is missing.

Called after each reading. Each alert closes, and the pause ends, with the first reading that gives no cause for it.
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
"""Missing more than this part of a day's charges is too much to go on buying; so is more than the largest order."""


class NotPausedError(Exception):
    """The provider is not paused for this reason, or no person ends it; nothing was changed."""


def update_balance_alerts(*, provider: Provider, now: datetime) -> None:
    """Bring pause and alerts in line with the provider's newest readings. Called after each reading."""
    with transaction.atomic():
        lock_subject(f"readings:{provider.pk}")
        newest = list(BalanceReading.objects.filter(provider=provider).order_by("-at", "-pk")[:2])
        if not newest:
            return
        reading, earlier = newest[0], newest[-1] if len(newest) > 1 else None
        spend = spending_by_provider(now=now, provider_ids=[provider.pk])[provider.pk]
        provider.refresh_from_db(fields=["accepted_missing"])
        is_odd = _watch_drift(provider, reading, earlier, spend)
        update_provider_alert(kind="balance-low", provider_id=provider.pk, look=partial(_low, reading=reading))
        update_provider_alert(kind="drift", provider_id=provider.pk, look=partial(_odd, reading=reading, is_odd=is_odd))
        update_provider_alert(
            kind="runway", provider_id=provider.pk, look=partial(_short, reading=reading, spend=spend)
        )


def end_pause(*, provider_id: int, pause: str, actor: str, reason: str) -> None:
    """A person has orders sent there again, whatever the cause; where that is met again, it is paused again.

    Raises NotPausedError, also where only the panel itself ends this pause.
    """
    if pause == Pause.Reason.DRIFT:
        resume_despite_drift(provider_id=provider_id, actor=actor, reason=reason)
        return
    if pause not in ENDED_BY_STAFF:
        raise NotPausedError(_("This pause ends by itself. Nobody can end it by hand."))
    with transaction.atomic(durable=True):
        if not resume_provider(provider_id=provider_id, reason=pause):
            raise NotPausedError(_("The provider is no longer paused for this reason."))
        detail = {"reason": reason, "pause": pause}
        audit.record(actor=actor, action="provider.resume", target=f"provider:{provider_id}", detail=detail)


def resume_despite_drift(*, provider_id: int, actor: str, reason: str) -> None:
    """A person has placing go on though money is missing: it is paused again only where more goes missing.

    Raises NotPausedError.
    """
    with transaction.atomic(durable=True):
        reading = BalanceReading.objects.filter(provider=provider_id).order_by("-at", "-pk").first()
        missing = max(ZERO, -reading.drift) if reading else ZERO
        Provider.objects.filter(pk=provider_id).update(accepted_missing=missing)
        if not resume_provider(provider_id=provider_id, reason="drift"):
            raise NotPausedError("It is not paused for missing money any more.")
        detail = {"reason": reason, "missing": f"{missing.normalize():f}"}
        audit.record(actor=actor, action="provider.resume", target=f"provider:{provider_id}", detail=detail)


def exceeds_drift_limit(missing: Decimal, spend: Spending) -> bool:
    """Whether so much is missing that no more orders should be bought there."""
    return missing > min(spend.largest, spend.day / SHARE_OF_A_DAY)


def _watch_drift(provider: Provider, reading: BalanceReading, earlier: BalanceReading | None, spend: Spending) -> bool:
    """Pause where too much is missing, or end that; whether staff should hear of the drift without a pause.

    Only what is beyond the threshold twice in a row counts.
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
    return AlertText(
        Alert.Level.WARNING,
        f"The balance at {provider} is low",
        f"{reading.balance.normalize():f} {reading.currency} are left. Top it up, or orders will wait.",
    )


def _short(provider: Provider, *, reading: BalanceReading, spend: Spending) -> AlertText | None:
    """An open alert stays until the balance lasts a quarter longer than the limit, so that it does not flap there."""
    runway, limit = runway_of(reading.balance, spend), timedelta(hours=provider.runway_hours)
    ends_at = limit * 5 / 4 if is_alert_open(f"runway:{provider.pk}") else limit
    if runway is None or runway >= ends_at:
        return None
    pace = money_text(spend.per_day, currency=reading.currency)
    return AlertText(
        Alert.Level.WARNING,
        f"The balance at {provider} lasts less than {provider.runway_hours} h",
        f"It lasts {format_runway(runway)} at the pace of {pace} a day. Top it up, or orders will wait.",
    )


def _odd(provider: Provider, *, reading: BalanceReading, is_odd: bool) -> AlertText | None:
    if not is_odd:
        return None
    difference = f"{abs(reading.drift).normalize():f} {reading.currency} {'less' if reading.drift < 0 else 'more'}"
    return AlertText(
        Alert.Level.WARNING,
        f"The balance at {provider} differs from our books",
        f"There is {difference} than our books explain.",
    )
