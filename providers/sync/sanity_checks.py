"""Holds a provider's list, or all its prices, for review if they look wrong. Called by service_sync.

Checks of single services are in diff.py. Staff decide in providers/catalog/review/pending_review.py.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from panel.ops.alerts.alerts import AlertText
from panel.ops.models import Alert
from providers.adapters.base import ServiceList
from providers.availability.alerts import update_provider_alert
from providers.availability.circuit_breaker import pause_provider
from providers.models import Provider, ServiceChange
from providers.sync.diff import Diff
from providers.sync.uniform_change import MIN_SERVICES, largest_uniform_change

ONE_DAY = timedelta(days=1)
FAILURES_BEFORE_ALERT = 3
CRASHED = "The sync crashed: "
"""How a provider's `sync_error` begins after an unexpected error."""


def find_list_problem(
    *, provider: Provider, diff: Diff, listing: ServiceList, accept_shrunk: bool, seen_lost: str = ""
) -> tuple[str, str] | None:
    """Why the list must be held: a value of HeldList and a sentence; None if it can be used.

    A short list is used if staff accept it: any, or the one with the digest `seen_lost` that they saw.
    """
    reasons = Provider.HeldList
    if others := sorted(listing.currencies - {provider.currency.upper()}):
        return reasons.CURRENCY, _("The list is in %(listed)s, but the provider's currency is %(currency)s.") % {
            "listed": ", ".join(others)[:60],
            "currency": provider.currency,
        }
    if not listing.services:
        return reasons.EMPTY, _("The list is empty. It had %(count)s services.") % {"count": f"{diff.listed:,}"}
    is_accepted = accept_shrunk and seen_lost in {"", diff.lost_digest}
    if diff.is_suddenly_small and not is_accepted:
        return reasons.SMALL, _("%(missing)s of %(count)s services are missing from the list.") % {
            "missing": f"{diff.lost:,}",
            "count": f"{diff.listed:,}",
        }
    return None


def hold_list(*, provider: Provider, diff: Diff, reason: str, problem: str, now: datetime) -> None:
    """Record that the list is held: one log row and one alert, until a list is used again. Services stay as they are.

    A provider whose list is in another currency is paused as well.
    """
    with transaction.atomic():
        Provider.objects.filter(pk=provider.pk).update(sync_error=problem, sync_failures=0, held_list=reason)
        fields = {"held": len(diff.changes), "lost": diff.lost_digest}
        last = last_held(provider=provider)
        if provider.sync_error != problem or last is None or last.fields.get("lost", "") != diff.lost_digest:
            ServiceChange.objects.create(
                provider=provider, kind=ServiceChange.Kind.HELD, name=problem, fields=fields, at=now
            )
        update_sync_alert(provider_id=provider.pk)
    if reason == Provider.HeldList.CURRENCY:
        pause_provider(provider_id=provider.pk, reason="list-currency", detail=problem)


def last_held(*, provider: Provider, until: datetime | None = None) -> ServiceChange | None:
    """The latest log row about a held list of the provider."""
    held = provider.changes.filter(kind=ServiceChange.Kind.HELD)
    if until is not None:
        held = held.filter(at__lte=until)
    return held.order_by("-pk").first()


def count_uniform_changes(*, provider: Provider, diff: Diff, now: datetime) -> int:
    """How many prices changed by the same factor within a day, if they are too many to use; else 0.

    While prices are held, only later changes count, as a second change.
    """
    if not any("rate" in line.fields for line in diff.changes):
        return 0
    since = max(now - ONE_DAY, provider.prices_accepted_at or now - ONE_DAY, provider.prices_held_at or now - ONE_DAY)
    earlier = provider.changes.filter(at__gt=since).order_by("pk").values_list("external_id", "fields")
    count = largest_uniform_change([*earlier, *((line.external_id, line.fields) for line in diff.changes)])
    return count if count >= MIN_SERVICES and count * 100 > diff.listed * provider.hold_alike_percent else 0


def update_sync_alert(*, provider_id: int) -> None:
    """Open the alert while the provider's list is held or syncs keep failing, else close it."""
    update_provider_alert(kind="sync", provider_id=provider_id, condition=_look_at_sync)


def update_prices_alert(*, provider_id: int) -> None:
    """The alert about prices that changed alike is open while they are held."""
    update_provider_alert(kind="prices", provider_id=provider_id, condition=_look_at_prices)


def _look_at_sync(provider: Provider) -> AlertText | None:
    facts = {"provider": provider, "problem": provider.sync_error, "times": provider.sync_failures}
    if provider.sync_error.startswith(CRASHED):
        return AlertText(
            Alert.Level.CRITICAL,
            _("%(provider)s: service sync crashed") % facts,
            _("%(problem)s See the log for details. Your catalog is unchanged.") % facts,
        )
    if provider.sync_failures >= FAILURES_BEFORE_ALERT:
        return AlertText(
            Alert.Level.WARNING,
            _("%(provider)s: service list could not be read") % facts,
            _("%(problem)s\nFailed %(times)s times in a row. Your catalog is unchanged.") % facts,
        )
    if not provider.held_list:
        return None
    return AlertText(
        Alert.Level.WARNING,
        _("%(provider)s: service list on hold") % facts,
        _("%(problem)s Your catalog is unchanged until the full list returns or you accept this one.") % facts,
    )


def _look_at_prices(provider: Provider) -> AlertText | None:
    if provider.prices_held_at is None:
        return None
    lately = provider.changes.filter(at__gt=provider.prices_held_at - ONE_DAY, fields__has_key="rate")
    facts = {
        "provider": provider,
        "count": f"{lately.values('external_id').distinct().count():,}",
        "at": f"{provider.prices_held_at:%Y-%m-%d %H:%M}",
    }
    return AlertText(
        Alert.Level.CRITICAL,
        _("%(provider)s: prices on hold, services not for sale") % facts,
        _(
            "%(count)s prices changed within a day, many of them by the same factor, last at %(at)s UTC. Its "
            "currency or unit may have changed. On the Changes page, accept the prices or enter the correct exchange "
            "rate. Until then its services are not sold and no orders are sent."
        )
        % facts,
    )
