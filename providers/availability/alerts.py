"""Alerts about a provider that last as long as what they tell. Used by what pauses, reads and syncs providers.

One of a provider that is switched off, or removed, is closed: nothing is bought there, so nothing needs to be done.
"""

from collections.abc import Callable

from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from providers.models import Pause, Provider

KINDS = (
    "balance-low", "balance-unread", "runway", "drift", "breaker", "sync", "prices",
    *(f"paused-{reason}" for reason in Pause.Reason.values),
)  # fmt: skip
"""The first parts of these alerts' subjects; the provider's number follows after a colon."""


def update_provider_alert(*, kind: str, provider_id: int, look: Callable[[Provider], AlertText | None]) -> bool:
    """Have the provider's alert of this kind be open exactly while `look` finds something to tell; whether it did."""

    def look_at_active() -> AlertText | None:
        provider = Provider.objects.filter(pk=provider_id, is_active=True).first()
        return look(provider) if provider else None

    return follow_condition(subject=f"{kind}:{provider_id}", look=look_at_active)


def close_inactive_provider_alerts() -> None:
    """Close what is still open about providers that are switched off or removed."""
    active = set(Provider.objects.filter(is_active=True).values_list("pk", flat=True))
    for subject in Alert.objects.filter(closed_at=None).order_by("subject").values_list("subject", flat=True):
        kind, _, number = subject.partition(":")
        if kind in KINDS and number.isdigit() and int(number) not in active:
            update_provider_alert(kind=kind, provider_id=int(number), look=lambda provider: None)
