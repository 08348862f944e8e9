"""What of a provider's list is not believed: all of it, or all of its prices. Called by sync.

Doubts about single services are in diff.py. A person ends them, and what is held here, through catalog/held.py.
"""

from datetime import datetime, timedelta

from django.db import transaction

from panel.ops.alerts import raise_alert
from panel.ops.models import Alert
from providers.adapters.base import ServiceList
from providers.alike import FEWEST, moved_alike
from providers.diff import Diff
from providers.gate import pause_provider
from providers.models import Provider, ServiceChange

A_DAY = timedelta(days=1)


def why_not_believed(
    *, provider: Provider, diff: Diff, listing: ServiceList, accept_shrunk: bool
) -> tuple[str, str] | None:
    """Why the list is not believed: the word for it and a sentence. None where it is."""
    why = Provider.HeldList
    if others := sorted(listing.currencies - {provider.currency.upper()}):
        return why.CURRENCY, f"The list is in {', '.join(others)[:60]}, and the provider is set to {provider.currency}."
    if not listing.services:
        return why.EMPTY, f"The list is empty; {diff.listed:,} services were known."
    if diff.is_suddenly_small and not accept_shrunk:
        return why.SMALL, f"The list lacks {diff.lost:,} of {diff.listed:,} services."
    return None


def hold_list(*, provider: Provider, diff: Diff, why: str, problem: str, now: datetime) -> None:
    """Write nothing but that the list is held: once in the log, and one alert, until a list is believed again.

    To a provider that lists in another currency nothing is sent either.
    """
    if provider.sync_error != problem:
        with transaction.atomic():
            Provider.objects.filter(pk=provider.pk).update(sync_error=problem, held_list=why)
            ServiceChange.objects.create(
                provider=provider, kind=ServiceChange.Kind.HELD, name=problem, fields={"held": len(diff.found)}, at=now
            )
            raise_alert(
                subject=alert_subject(provider.pk),
                level=Alert.Level.WARNING,
                title=f"{provider}: its services are not updated",
                detail=f"{problem} Everything stays on sale as it was, until its list is whole again or you accept it.",
            )
    if why == Provider.HeldList.CURRENCY:
        pause_provider(provider_id=provider.pk, reason="list-currency", detail=problem)


def count_alike(*, provider: Provider, diff: Diff, now: datetime) -> int:
    """How many prices changed by one factor within a day, where those are too many to be believed; else 0."""
    if provider.prices_held_at or not any("rate" in line.fields for line in diff.found):
        return 0
    since = max(now - A_DAY, provider.prices_accepted_at or now - A_DAY)
    earlier = provider.changes.filter(at__gt=since).order_by("pk").values_list("external_id", "fields")
    count = moved_alike([*earlier, *((line.external_id, line.fields) for line in diff.found)])
    return count if count >= FEWEST and count * 100 > diff.listed * provider.hold_alike_percent else 0


def tell_alike(*, provider: Provider, alike: int, listed: int) -> None:
    """The alert that `alike` of its `listed` prices changed by one factor."""
    raise_alert(
        subject=prices_subject(provider.pk),
        level=Alert.Level.CRITICAL,
        title=f"{provider}: its prices changed alike, and nothing of it is sold",
        detail=f"{alike:,} of {listed:,} prices changed by one factor within a day. Its currency or its unit may "
        "have changed: set its exchange rate right, or accept the prices.",
    )


def alert_subject(provider_id: int) -> str:
    """What alerts about a provider's sync are filed under."""
    return f"sync:{provider_id}"


def prices_subject(provider_id: int) -> str:
    """What the alert about prices that changed alike is filed under."""
    return f"prices:{provider_id}"
