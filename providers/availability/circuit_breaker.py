"""Whether orders may be sent to a provider now: its switch, its pauses, and the breaker that opens when it fails.

Two unknown outcomes in a row, or five failed connections, open the breaker for a minute, then twice as long each time,
up to a quarter of an hour; after that one order is let through to try. What was under way when it opened opens it no
further. Placing asks and reports here.
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
"""So often doubled, the first closure is longer than the longest one."""

Reason = Literal["funds", "key", "currency", "list-currency", "drift"]


def unpaused_providers() -> Q:
    """The condition for providers that are switched on, not paused, and whose prices are not held."""
    paused = Pause.objects.filter(provider=OuterRef("pk"))
    return Q(is_active=True, prices_held_at=None) & ~Q(Exists(paused))


def available_providers(*, now: datetime) -> Q:
    """The condition for providers that may be sent orders now."""
    return unpaused_providers() & (Q(breaker_open_until=None) | Q(breaker_open_until__lte=now))


def allow_request(*, provider_id: int, now: datetime) -> bool:
    """Whether this order may go now. After a closure the one that asks first goes, the others wait for its fate."""
    providers = Provider.objects.filter(available_providers(now=now), pk=provider_id)
    if providers.filter(breaker_open_until=None).exists():
        return True
    return providers.filter(breaker_open_until__lte=now).update(breaker_open_until=now + MIN_OPEN_TIME) == 1


def record_success(*, provider_id: int) -> None:
    """It answered with sense: the breaker closes. Writes nothing where all was well."""
    troubled = ~Q(unknown_in_a_row=0, unreached_in_a_row=0, trips_in_a_row=0) | Q(breaker_open_until__isnull=False)
    with transaction.atomic():
        healed = Provider.objects.filter(troubled, pk=provider_id).update(
            unknown_in_a_row=0, unreached_in_a_row=0, trips_in_a_row=0, breaker_open_until=None
        )
        if healed:
            update_breaker_alert(provider_id=provider_id)


def record_failure(
    *, provider_id: int, kind: Literal["unknown", "unreached"], sent_at: datetime, now: datetime
) -> None:
    """One more order whose outcome is unknown, or that did not reach it; may open the breaker."""
    column, limit = (
        ("unknown_in_a_row", UNKNOWN_LIMIT) if kind == "unknown" else ("unreached_in_a_row", UNREACHED_LIMIT)
    )
    Provider.objects.filter(pk=provider_id).update(**{column: F(column) + 1})
    provider = Provider.objects.get(pk=provider_id)
    if getattr(provider, column) < limit and not provider.trips_in_a_row:
        return
    if _opened_since(provider, sent_at):
        return
    closure = _open_time(provider.trips_in_a_row)
    with transaction.atomic():
        Provider.objects.filter(pk=provider_id, trips_in_a_row=provider.trips_in_a_row).update(
            breaker_open_until=now + closure, trips_in_a_row=F("trips_in_a_row") + 1
        )
        update_breaker_alert(provider_id=provider_id)


def _open_time(trips: int) -> timedelta:
    doublings: int = 2 ** min(trips, MAX_DOUBLINGS)
    return min(MIN_OPEN_TIME * doublings, MAX_OPEN_TIME)


def _opened_since(provider: Provider, sent_at: datetime) -> bool:
    """Whether the breaker opened after that order was sent. The one that tries is sent when a closure is over."""
    if provider.breaker_open_until is None or not provider.trips_in_a_row:
        return False
    return sent_at < provider.breaker_open_until - _open_time(provider.trips_in_a_row - 1)


def update_breaker_alert(*, provider_id: int) -> None:
    """The breaker's alert is open from the first trip until an order reaches the provider."""

    def look(provider: Provider) -> AlertText | None:
        if not provider.trips_in_a_row:
            return None
        return AlertText(
            Alert.Level.WARNING,
            _("%(provider)s does not answer as it should") % {"provider": provider},
            _("Orders wait and are tried again automatically. What may have been bought is never sent twice."),
        )

    update_provider_alert(kind="breaker", provider_id=provider_id, look=look)


def pause_provider(*, provider_id: int, reason: Reason, detail: str = "") -> None:
    """Send nothing more to it until this reason is gone, whatever others there are; with an alert of its own.

    One statement, which a pause that ends in this moment cannot fail: an order's outcome is written with it.
    """
    pause = Pause(provider_id=provider_id, reason=reason, detail=detail[:300])
    with transaction.atomic():
        Pause.objects.bulk_create(
            [pause], update_conflicts=True, unique_fields=["provider", "reason"], update_fields=["detail"]
        )
        update_pause_alert(provider_id=provider_id, reason=reason)


def resume_provider(*, provider_id: int, reason: str) -> bool:
    """End the pause for this reason; others last. False when it was not paused for that."""
    with transaction.atomic():
        ended, _models = Pause.objects.filter(provider=provider_id, reason=reason).delete()
        if ended:
            update_pause_alert(provider_id=provider_id, reason=reason)
    return bool(ended)


def update_pause_alert(*, provider_id: int, reason: str) -> None:
    """The alert of a pause is open exactly while the pause lasts."""

    def look(provider: Provider) -> AlertText | None:
        pause = Pause.objects.filter(provider=provider, reason=reason).first()
        if pause is None:
            return None
        what = _("Nothing is sent to %(provider)s.") % {"provider": provider}
        texts = (what, str(PAUSE_TEXTS[reason]), pause.detail)
        title = _("%(provider)s is paused: %(reason)s") % {"provider": provider, "reason": pause}
        return AlertText(Alert.Level.CRITICAL, title, " ".join(text for text in texts if text))

    update_provider_alert(kind=f"paused-{reason}", provider_id=provider_id, look=look)
