"""What follows from a reading of a provider's balance: alerts, and a pause where too much money is missing.

Called after each reading. Each alert closes, and the pause ends, with the first reading that gives no cause for it.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from panel.lib.money import ZERO
from panel.ops import audit
from panel.ops.alerts import close_alert, raise_alert
from panel.ops.models import Alert
from panel.web.figures import money_text
from providers.gate import pause_provider, resume_provider
from providers.models import BalanceReading, Provider
from providers.runway import runway_of, runway_words
from providers.spending import Spend, spends

SHARE_OF_A_DAY = 200
"""Missing more than this part of a day's charges is too much to go on buying; so is more than the largest order."""


class NotPausedError(Exception):
    """The provider is not paused for missing money; nothing was changed."""


def watch(*, provider: Provider, reading: BalanceReading, now: datetime) -> None:
    """Raise and close the alerts that `reading`, the newest one, gives cause for; pause placing or let it go on."""
    spend = spends(now=now)[provider.pk]
    earlier = BalanceReading.objects.filter(provider=provider, pk__lt=reading.pk).order_by("-at", "-pk").first()
    with transaction.atomic():
        _watch_level(provider, reading)
        _watch_runway(provider, reading, spend)
        _watch_drift(provider, reading, earlier, spend)


def go_on(*, provider_id: int, actor: str, reason: str) -> None:
    """A person has placing go on though money is missing: it is paused again only where more goes missing.

    Raises NotPausedError.
    """
    with transaction.atomic(durable=True):
        if not resume_provider(provider_id=provider_id, reason="drift"):
            raise NotPausedError("It is not paused for missing money any more.")
        reading = BalanceReading.objects.filter(provider=provider_id).order_by("-at", "-pk").first()
        missing = max(ZERO, -reading.drift) if reading else ZERO
        Provider.objects.filter(pk=provider_id).update(accepted_missing=missing)
        detail = {"reason": reason, "missing": f"{missing.normalize():f}"}
        audit.record(actor=actor, action="provider.resume", target=f"provider:{provider_id}", detail=detail)


def is_too_much(missing: Decimal, spend: Spend) -> bool:
    """Whether so much is missing that no more orders should be bought there."""
    return missing > min(spend.largest, spend.day / SHARE_OF_A_DAY)


def _watch_level(provider: Provider, reading: BalanceReading) -> None:
    subject = f"balance-low:{provider.pk}"
    if reading.balance >= provider.low_balance:
        close_alert(subject=subject)
        return
    raise_alert(
        subject=subject,
        level=Alert.Level.WARNING,
        title=f"The balance at {provider} is low",
        detail=f"{reading.balance.normalize():f} {reading.currency} are left. Top it up, or orders will wait.",
    )


def _watch_runway(provider: Provider, reading: BalanceReading, spend: Spend) -> None:
    subject = f"runway:{provider.pk}"
    runway = runway_of(reading.balance, spend)
    if runway is None or runway >= timedelta(hours=provider.runway_hours):
        close_alert(subject=subject)
        return
    pace = money_text(spend.a_day, currency=reading.currency)
    raise_alert(
        subject=subject,
        level=Alert.Level.WARNING,
        title=f"The balance at {provider} lasts less than {provider.runway_hours} h",
        detail=f"It lasts {runway_words(runway)} at the pace of {pace} a day. Top it up, or orders will wait.",
    )


def _watch_drift(provider: Provider, reading: BalanceReading, earlier: BalanceReading | None, spend: Spend) -> None:
    """Twice in a row beyond the threshold is an alert; where it is too much, it is the pause's."""
    subject, limit = f"drift:{provider.pk}", provider.drift_threshold
    if abs(reading.drift) <= limit:
        close_alert(subject=subject)
        resume_provider(provider_id=provider.pk, reason="drift")
        Provider.objects.filter(pk=provider.pk).exclude(accepted_missing=0).update(accepted_missing=0)
        return
    if earlier is None or abs(earlier.drift) <= limit:
        return
    unaccepted = -reading.drift - provider.accepted_missing
    if unaccepted > limit and is_too_much(unaccepted, spend):
        close_alert(subject=subject)
        pause_provider(provider_id=provider.pk, reason="drift")
    elif not provider.pauses.filter(reason="drift").exists():
        difference = f"{abs(reading.drift).normalize():f} {reading.currency} {'less' if reading.drift < 0 else 'more'}"
        raise_alert(
            subject=subject,
            level=Alert.Level.WARNING,
            title=f"The balance at {provider} differs from our books",
            detail=f"There is {difference} than our books explain.",
        )
