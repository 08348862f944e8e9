"""Decides whether orders may be sent to a provider: its switch, its pauses, and a circuit breaker.

Two unknown outcomes in a row, or five failed connections, open the breaker for a minute, then twice as long each time,
up to 15 minutes. After that one order is let through as a trial. Orders that were in flight when the breaker opened do
not open it further. Called by the submission of orders.
"""

from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from panel.ops.alerts.alerts import AlertText
from panel.ops.models import Alert
from providers.availability.alerts import update_provider_alert
from providers.availability.pause_texts import PAUSE_TEXTS
from providers.models import Pause, Provider

UNKNOWN_LIMIT = 2
UNREACHED_LIMIT = 5
MIN_OPEN_TIME = timedelta(seconds=60)
MAX_OPEN_TIME = timedelta(minutes=15)
MAX_DOUBLINGS = 4
"""After this many doublings the open time exceeds its maximum."""

Reason = Literal["funds", "key", "currency", "list-currency", "drift"]


def unpaused_providers() -> Q:
    """The condition for providers that are active, not paused, and whose prices are not held."""
    paused = Pause.objects.filter(provider=OuterRef("pk"))
    return Q(is_active=True, prices_held_at=None) & ~Q(Exists(paused))


def available_providers(*, now: datetime) -> Q:
    """The condition for providers that orders may be sent to now."""
    return unpaused_providers() & (Q(breaker_open_until=None) | Q(breaker_open_until__lte=now))


def allow_request(*, provider_id: int, now: datetime) -> bool:
    """Whether this order may be sent now. When the open time ends, the first order is a trial; others wait for it."""
    providers = Provider.objects.filter(available_providers(now=now), pk=provider_id)
    if providers.filter(breaker_open_until=None).exists():
        return True
    return providers.filter(breaker_open_until__lte=now).update(breaker_open_until=now + MIN_OPEN_TIME) == 1


def record_success(*, provider_id: int) -> None:
    """Record a clear answer, which closes the breaker. Writes nothing if there were no failures."""
    had_failures = ~Q(unknown_in_a_row=0, unreached_in_a_row=0, trips_in_a_row=0) | Q(breaker_open_until__isnull=False)
    with transaction.atomic():
        closed = Provider.objects.filter(had_failures, pk=provider_id).update(
            unknown_in_a_row=0, unreached_in_a_row=0, trips_in_a_row=0, breaker_open_until=None
        )
        if closed:
            update_breaker_alert(provider_id=provider_id)


def record_failure(
    *, provider_id: int, kind: Literal["unknown", "unreached"], sent_at: datetime, now: datetime
) -> None:
    """Record an order with an unknown outcome, or one that did not reach the provider; may open the breaker."""
    column, limit = (
        ("unknown_in_a_row", UNKNOWN_LIMIT) if kind == "unknown" else ("unreached_in_a_row", UNREACHED_LIMIT)
    )
    Provider.objects.filter(pk=provider_id).update(**{column: F(column) + 1})
    provider = Provider.objects.get(pk=provider_id)
    if getattr(provider, column) < limit and not provider.trips_in_a_row:
        return
    if _opened_since(provider, sent_at):
        return
    open_time = _open_time(provider.trips_in_a_row)
    with transaction.atomic():
        Provider.objects.filter(pk=provider_id, trips_in_a_row=provider.trips_in_a_row).update(
            breaker_open_until=now + open_time, trips_in_a_row=F("trips_in_a_row") + 1
        )
        update_breaker_alert(provider_id=provider_id)


def _open_time(trips: int) -> timedelta:
    doublings: int = 2 ** min(trips, MAX_DOUBLINGS)
    return min(MIN_OPEN_TIME * doublings, MAX_OPEN_TIME)


def _opened_since(provider: Provider, sent_at: datetime) -> bool:
    """Whether the breaker opened after that order was sent. A trial order is sent after the open time."""
    if provider.breaker_open_until is None or not provider.trips_in_a_row:
        return False
    return sent_at < provider.breaker_open_until - _open_time(provider.trips_in_a_row - 1)


def update_breaker_alert(*, provider_id: int) -> None:
    """Keep the breaker's alert open from the first trip until an order reaches the provider."""

    def condition(provider: Provider) -> AlertText | None:
        if not provider.trips_in_a_row:
            return None
        return AlertText(
            Alert.Level.WARNING,
            _("%(provider)s is not responding correctly") % {"provider": provider},
            _("Orders wait and are retried automatically. An order that may have been placed is never sent twice."),
        )

    update_provider_alert(kind="breaker", provider_id=provider_id, condition=condition)


def pause_provider(*, provider_id: int, reason: Reason, detail: str = "") -> None:
    """Pause the provider for this reason, with an alert of its own.

    A single upsert, so that it cannot fail on a pause that ends at the same time: it runs in the transaction that
    records an order's outcome.
    """
    pause = Pause(provider_id=provider_id, reason=reason, detail=detail[:300])
    with transaction.atomic():
        Pause.objects.bulk_create(
            [pause], update_conflicts=True, unique_fields=["provider", "reason"], update_fields=["detail"]
        )
        update_pause_alert(provider_id=provider_id, reason=reason)


def resume_provider(*, provider_id: int, reason: str) -> bool:
    """End the pause for this reason; other pauses stay. Returns False if there was none."""
    with transaction.atomic():
        ended, _models = Pause.objects.filter(provider=provider_id, reason=reason).delete()
        if ended:
            update_pause_alert(provider_id=provider_id, reason=reason)
    return bool(ended)


def update_pause_alert(*, provider_id: int, reason: str) -> None:
    """Keep the alert of a pause open while the pause lasts."""

    def condition(provider: Provider) -> AlertText | None:
        pause = Pause.objects.filter(provider=provider, reason=reason).first()
        if pause is None:
            return None
        summary = _("No orders are sent to %(provider)s.") % {"provider": provider}
        texts = (summary, str(PAUSE_TEXTS[reason]), pause.detail)
        title = _("%(provider)s is paused: %(reason)s") % {"provider": provider, "reason": pause}
        return AlertText(Alert.Level.CRITICAL, title, " ".join(text for text in texts if text))

    update_provider_alert(kind=f"paused-{reason}", provider_id=provider_id, condition=condition)
