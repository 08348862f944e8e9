"""How a provider stands, in a word and a sentence for staff: switched off, paused, waiting, or open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from providers.availability.pause_texts import PAUSE_TEXTS
from providers.models import Pause, Provider


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """`tone` is green, amber, red or neutral; `text` says what follows, and is empty where all is well."""

    label: str
    tone: str
    text: str = ""


def status_of(provider: Provider, *, pauses: Iterable[Pause], now: datetime) -> ProviderStatus:
    """Whether orders are sent to it now, and if not, why."""
    if not provider.is_active:
        return ProviderStatus("Switched off", "neutral", "Nothing is sent to it; its orders wait.")
    if reasons := [str(PAUSE_TEXTS[pause.reason]) for pause in pauses]:
        return ProviderStatus("Paused", "red", " ".join(reasons))
    if provider.prices_held_at:
        text = "Many changed alike: accept them on the page Changes, with the right exchange rate where it changed."
        return ProviderStatus("Prices held", "red", text)
    if provider.breaker_open_until and provider.breaker_open_until > now:
        text = f"It did not answer as it should. The next order is tried after {provider.breaker_open_until:%H:%M} UTC."
        return ProviderStatus("Waiting", "amber", text)
    if provider.sync_failures:
        return ProviderStatus("List unread", "amber", provider.sync_error)
    return ProviderStatus("Open", "green")
