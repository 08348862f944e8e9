"""What of a provider's list is not believed: all of it, or all of its prices. Called by sync.

Doubts about single services are in diff.py. A person ends them, and what is held here by pending_review.py.
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
"""How a provider's `sync_error` begins after something that nobody foresaw."""


def find_list_problem(
    *, provider: Provider, diff: Diff, listing: ServiceList, accept_shrunk: bool, seen_lost: str = ""
) -> tuple[str, str] | None:
    """Why the list is not believed: the word for it and a sentence. None where it is.

    A small one is believed where a person accepts it: one that lacks what they saw, by `lost_digest`, or any.
    """
    why = Provider.HeldList
    if others := sorted(listing.currencies - {provider.currency.upper()}):
        return why.CURRENCY, f"The list is in {', '.join(others)[:60]}, and the provider is set to {provider.currency}."
    if not listing.services:
        return why.EMPTY, f"The list is empty; {diff.listed:,} services were known."
    is_accepted = accept_shrunk and seen_lost in {"", diff.lost_digest}
    if diff.is_suddenly_small and not is_accepted:
        return why.SMALL, f"The list lacks {diff.lost:,} of {diff.listed:,} services."
    return None


def hold_list(*, provider: Provider, diff: Diff, why: str, problem: str, now: datetime) -> None:
    """Write nothing but that the list is held: once in the log, and one alert, until a list is believed again.

    To a provider that lists in another currency nothing is sent either.
    """
    with transaction.atomic():
        Provider.objects.filter(pk=provider.pk).update(sync_error=problem, sync_failures=0, held_list=why)
        fields = {"held": len(diff.found), "lost": diff.lost_digest}
        last = last_held(provider=provider)
        if provider.sync_error != problem or last is None or last.fields.get("lost", "") != diff.lost_digest:
            ServiceChange.objects.create(
                provider=provider, kind=ServiceChange.Kind.HELD, name=problem, fields=fields, at=now
            )
        update_sync_alert(provider_id=provider.pk)
    if why == Provider.HeldList.CURRENCY:
        pause_provider(provider_id=provider.pk, reason="list-currency", detail=problem)


def last_held(*, provider: Provider, until: datetime | None = None) -> ServiceChange | None:
    """The log's newest line about a list of the provider that was held."""
    held = provider.changes.filter(kind=ServiceChange.Kind.HELD)
    if until is not None:
        held = held.filter(at__lte=until)
    return held.order_by("-pk").first()


def count_uniform_changes(*, provider: Provider, diff: Diff, now: datetime) -> int:
    """How many prices changed by one factor within a day, where those are too many to be believed; else 0.

    While prices are held only what changed since counts: it is a second move.
    """
    if not any("rate" in line.fields for line in diff.found):
        return 0
    since = max(now - ONE_DAY, provider.prices_accepted_at or now - ONE_DAY, provider.prices_held_at or now - ONE_DAY)
    earlier = provider.changes.filter(at__gt=since).order_by("pk").values_list("external_id", "fields")
    count = largest_uniform_change([*earlier, *((line.external_id, line.fields) for line in diff.found)])
    return count if count >= MIN_SERVICES and count * 100 > diff.listed * provider.hold_alike_percent else 0


def update_sync_alert(*, provider_id: int) -> None:
    """The alert about a provider's list is open while the list is held, or cannot be read again and again."""
    update_provider_alert(kind="sync", provider_id=provider_id, look=_look_at_sync)


def update_prices_alert(*, provider_id: int) -> None:
    """The alert about prices that changed alike is open while they are held."""
    update_provider_alert(kind="prices", provider_id=provider_id, look=_look_at_prices)


def _look_at_sync(provider: Provider) -> AlertText | None:
    facts = {"provider": provider, "problem": provider.sync_error, "times": provider.sync_failures}
    if provider.sync_error.startswith(CRASHED):
        return AlertText(
            Alert.Level.CRITICAL,
            _("%(provider)s: the sync of its services crashed") % facts,
            _("%(problem)s The log has the details. Everything stays on sale as it was.") % facts,
        )
    if provider.sync_failures >= FAILURES_BEFORE_ALERT:
        return AlertText(
            Alert.Level.WARNING,
            _("%(provider)s: its services cannot be read") % facts,
            _("%(problem)s\n%(times)s times in a row. Everything stays on sale as it was.") % facts,
        )
    if not provider.held_list:
        return None
    return AlertText(
        Alert.Level.WARNING,
        _("%(provider)s: its services are not updated") % facts,
        _("%(problem)s Everything stays on sale as it was until its list is whole again, or you accept it.") % facts,
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
        _("%(provider)s: its prices changed alike, and nothing of it is sold") % facts,
        _(
            "%(count)s prices changed within a day, so many of them by one factor that its currency or unit may have "
            "changed; the last time at %(at)s UTC. On the page Changes, accept the prices as they are, or enter the "
            "right exchange rate there and accept them with it. Until then nothing of this provider is sold or sent."
        )
        % facts,
    )
