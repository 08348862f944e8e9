"""Whether orders may be sent to a provider now: its switch, its pauses, and the breaker that opens when it fails.

Two unknown outcomes in a row, or five failed connections, open the breaker for a minute, then twice as long each time,
up to a quarter of an hour; after that one order is let through to try. Placing asks and reports here.
"""

from datetime import datetime, timedelta
from typing import Literal

from django.db.models import F, Q

from panel.ops.alerts import close_alert, raise_alert
from panel.ops.models import Alert
from providers.models import Provider

UNKNOWN_LIMIT = 2
UNREACHED_LIMIT = 5
FIRST_CLOSURE = timedelta(seconds=60)
LONGEST_CLOSURE = timedelta(minutes=15)

Pause = Literal["funds", "key", "currency", "drift"]

_SENDABLE = Q(is_active=True, paused_reason="", prices_held_at=None)
_WORDS: dict[Pause, str] = {
    "funds": "our money there has run out: top it up, and orders go on by themselves",
    "key": "it refuses our API key: check the key",
    "currency": "it answers in another currency than the one set here: check the provider's settings",
    "drift": "more of our money is missing there than an order costs: look at what explains it",
}


def open_providers(*, now: datetime) -> Q:
    """The condition for providers that may be sent orders now."""
    return _SENDABLE & (Q(closed_until=None) | Q(closed_until__lte=now))


def pass_gate(*, provider_id: int, now: datetime) -> bool:
    """Whether this order may go now. After a closure the one that asks first goes, the others wait for its fate."""
    providers = Provider.objects.filter(open_providers(now=now), pk=provider_id)
    if providers.filter(closed_until=None).exists():
        return True
    return providers.filter(closed_until__lte=now).update(closed_until=now + FIRST_CLOSURE) == 1


def report_reached(*, provider_id: int) -> None:
    """It answered with sense: the breaker closes. Writes nothing where all was well."""
    troubled = ~Q(unknown_in_a_row=0, unreached_in_a_row=0, trips_in_a_row=0) | Q(closed_until__isnull=False)
    healed = Provider.objects.filter(troubled, pk=provider_id).update(
        unknown_in_a_row=0, unreached_in_a_row=0, trips_in_a_row=0, closed_until=None
    )
    if healed:
        close_alert(subject=f"breaker:{provider_id}")


def report_trouble(*, provider_id: int, kind: Literal["unknown", "unreached"], now: datetime) -> None:
    """One more order whose outcome is unknown, or that did not reach it; may open the breaker."""
    column, limit = (
        ("unknown_in_a_row", UNKNOWN_LIMIT) if kind == "unknown" else ("unreached_in_a_row", UNREACHED_LIMIT)
    )
    Provider.objects.filter(pk=provider_id).update(**{column: F(column) + 1})
    provider = Provider.objects.get(pk=provider_id)
    if getattr(provider, column) < limit and not provider.trips_in_a_row:
        return
    closure = min(FIRST_CLOSURE * 2**provider.trips_in_a_row, LONGEST_CLOSURE)
    Provider.objects.filter(pk=provider_id, trips_in_a_row=provider.trips_in_a_row).update(
        closed_until=now + closure, trips_in_a_row=F("trips_in_a_row") + 1
    )
    raise_alert(
        subject=f"breaker:{provider_id}",
        level=Alert.Level.WARNING,
        title=f"{provider.name} does not answer as it should",
        detail="Orders wait here and are tried again by themselves. What may have been bought is never sent twice.",
    )


def pause_provider(*, provider_id: int, reason: Pause) -> None:
    """Send nothing more to it until the cause is gone; raises an alert."""
    provider = Provider.objects.get(pk=provider_id)
    Provider.objects.filter(pk=provider_id, paused_reason="").update(paused_reason=reason)
    raise_alert(
        subject=f"paused-{reason}:{provider_id}",
        level=Alert.Level.CRITICAL,
        title=f"{provider.name} is paused",
        detail=f"No orders are sent to {provider.name}, since {_WORDS[reason]}.",
    )


def resume_provider(*, provider_id: int, reason: Pause) -> bool:
    """End the pause made for `reason`; False when it was not paused for that."""
    resumed = Provider.objects.filter(pk=provider_id, paused_reason=reason).update(paused_reason="") == 1
    if resumed:
        close_alert(subject=f"paused-{reason}:{provider_id}")
    return resumed
