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
from providers.availability.alerts import follow_provider
from providers.availability.pause_texts import PAUSE_TEXTS
from providers.models import Pause, Provider

UNKNOWN_LIMIT = 2
UNREACHED_LIMIT = 5
FIRST_CLOSURE = timedelta(seconds=60)
LONGEST_CLOSURE = timedelta(minutes=15)
MOST_DOUBLINGS = 4
"""So often doubled, the first closure is longer than the longest one."""

Reason = Literal["funds", "key", "currency", "list-currency", "drift"]


def ready_providers() -> Q:
    """The condition for providers that are switched on, not paused, and whose prices are not held."""
    paused = Pause.objects.filter(provider=OuterRef("pk"))
    return Q(is_active=True, prices_held_at=None) & ~Q(Exists(paused))


def open_providers(*, now: datetime) -> Q:
    """The condition for providers that may be sent orders now."""
    return ready_providers() & (Q(closed_until=None) | Q(closed_until__lte=now))


def pass_gate(*, provider_id: int, now: datetime) -> bool:
    """Whether this order may go now. After a closure the one that asks first goes, the others wait for its fate."""
    providers = Provider.objects.filter(open_providers(now=now), pk=provider_id)
    if providers.filter(closed_until=None).exists():
        return True
    return providers.filter(closed_until__lte=now).update(closed_until=now + FIRST_CLOSURE) == 1


def report_reached(*, provider_id: int) -> None:
    """It answered with sense: the breaker closes. Writes nothing where all was well."""
    troubled = ~Q(unknown_in_a_row=0, unreached_in_a_row=0, trips_in_a_row=0) | Q(closed_until__isnull=False)
    with transaction.atomic():
        healed = Provider.objects.filter(troubled, pk=provider_id).update(
            unknown_in_a_row=0, unreached_in_a_row=0, trips_in_a_row=0, closed_until=None
        )
        if healed:
            follow_breaker(provider_id=provider_id)


def report_trouble(
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
    closure = _closure_after(provider.trips_in_a_row)
    with transaction.atomic():
        Provider.objects.filter(pk=provider_id, trips_in_a_row=provider.trips_in_a_row).update(
            closed_until=now + closure, trips_in_a_row=F("trips_in_a_row") + 1
        )
        follow_breaker(provider_id=provider_id)


def _closure_after(trips: int) -> timedelta:
    doublings: int = 2 ** min(trips, MOST_DOUBLINGS)
    return min(FIRST_CLOSURE * doublings, LONGEST_CLOSURE)


def _opened_since(provider: Provider, sent_at: datetime) -> bool:
    """Whether the breaker opened after that order was sent. The one that tries is sent when a closure is over."""
    if provider.closed_until is None or not provider.trips_in_a_row:
        return False
    return sent_at < provider.closed_until - _closure_after(provider.trips_in_a_row - 1)


def follow_breaker(*, provider_id: int) -> None:
    """The breaker's alert is open from the first trip until an order reaches the provider."""

    def look(provider: Provider) -> AlertText | None:
        if not provider.trips_in_a_row:
            return None
        return AlertText(
            Alert.Level.WARNING,
            _("%(provider)s does not answer as it should") % {"provider": provider},
            _("Orders wait and are tried again automatically. What may have been bought is never sent twice."),
        )

    follow_provider(kind="breaker", provider_id=provider_id, look=look)


def pause_provider(*, provider_id: int, reason: Reason, detail: str = "") -> None:
    """Send nothing more to it until this reason is gone, whatever others there are; with an alert of its own.

    One statement, which a pause that ends in this moment cannot fail: an order's outcome is written with it.
    """
    pause = Pause(provider_id=provider_id, reason=reason, detail=detail[:300])
    with transaction.atomic():
        Pause.objects.bulk_create(
            [pause], update_conflicts=True, unique_fields=["provider", "reason"], update_fields=["detail"]
        )
        follow_pause(provider_id=provider_id, reason=reason)


def resume_provider(*, provider_id: int, reason: str) -> bool:
    """End the pause for this reason; others last. False when it was not paused for that."""
    with transaction.atomic():
        ended, _models = Pause.objects.filter(provider=provider_id, reason=reason).delete()
        if ended:
            follow_pause(provider_id=provider_id, reason=reason)
    return bool(ended)


def follow_pause(*, provider_id: int, reason: str) -> None:
    """The alert of a pause is open exactly while the pause lasts."""

    def look(provider: Provider) -> AlertText | None:
        pause = Pause.objects.filter(provider=provider, reason=reason).first()
        if pause is None:
            return None
        what = _("Nothing is sent to %(provider)s.") % {"provider": provider}
        texts = (what, str(PAUSE_TEXTS[reason]), pause.detail)
        title = _("%(provider)s is paused: %(reason)s") % {"provider": provider, "reason": pause}
        return AlertText(Alert.Level.CRITICAL, title, " ".join(text for text in texts if text))

    follow_provider(kind=f"paused-{reason}", provider_id=provider_id, look=look)
