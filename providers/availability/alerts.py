"""Opens and closes alerts about a provider with their condition. Called by what pauses, reads and syncs providers.

Alerts of a provider that is disabled or deleted are closed, since nothing is ordered there.
"""

from collections.abc import Callable

from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from providers.models import Pause, Provider

KINDS = (
    "balance-low", "balance-unread", "runway", "drift", "breaker", "sync", "prices",
    *(f"paused-{reason}" for reason in Pause.Reason.values),
)  # fmt: skip
"""The first parts of the alerts' subjects. A colon and the provider's primary key follow."""


def update_provider_alert(*, kind: str, provider_id: int, condition: Callable[[Provider], AlertText | None]) -> bool:
    """Keep the provider's alert of this kind open while `condition` returns a text; whether it is open."""

    def of_active_provider() -> AlertText | None:
        provider = Provider.objects.filter(pk=provider_id, is_active=True).first()
        return condition(provider) if provider else None

    return follow_condition(subject=f"{kind}:{provider_id}", look=of_active_provider)


def close_inactive_provider_alerts() -> None:
    """Close the alerts of providers that are disabled or deleted."""
    active = set(Provider.objects.filter(is_active=True).values_list("pk", flat=True))
    for subject in Alert.objects.filter(closed_at=None).order_by("subject").values_list("subject", flat=True):
        kind, _, number = subject.partition(":")
        if kind in KINDS and number.isdigit() and int(number) not in active:
            update_provider_alert(kind=kind, provider_id=int(number), condition=lambda provider: None)
