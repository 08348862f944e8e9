"""The status of a provider for staff: disabled, paused, waiting or active. Called by admin and balances."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from providers.availability.pause_texts import PAUSE_TEXTS
from providers.models import Pause, Provider


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """`tone` is green, amber, red or neutral. `text` says what to do, or is empty."""

    label: str
    tone: str
    text: str = ""


def status_of(provider: Provider, *, pauses: Iterable[Pause], now: datetime) -> ProviderStatus:
    """Whether orders are sent to the provider now, and why not."""
    if not provider.is_active:
        return ProviderStatus(_("Disabled"), "neutral", _("No orders are sent; they wait."))
    if reasons := [str(PAUSE_TEXTS[pause.reason]) for pause in pauses]:
        return ProviderStatus(_("Paused"), "red", " ".join(reasons))
    if provider.prices_held_at:
        text = _("Many prices changed. Accept them on the Changes page, or enter the correct exchange rate there.")
        return ProviderStatus(_("Prices need review"), "red", text)
    if provider.breaker_open_until and provider.breaker_open_until > now:
        text = _("Not responding correctly. The next order is tried after %(time)s UTC.")
        return ProviderStatus(_("Waiting"), "amber", text % {"time": f"{provider.breaker_open_until:%H:%M}"})
    if provider.sync_failures:
        return ProviderStatus(_("Sync failed"), "amber", provider.sync_error)
    return ProviderStatus(_("Active"), "green")
