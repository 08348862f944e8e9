"""Staff try a provider's address and key; what works again lifts the pause that its failing had brought."""

from django.utils.translation import gettext as _

from panel.lib.money import plain
from providers.availability.circuit_breaker import resume_provider
from providers.connection.connect import check_connection
from providers.models import Provider


def check_and_resume(*, provider: Provider) -> str:
    """What the provider answered, in a sentence for people. Raises ConnectionFailedError, and then nothing changed."""
    balance = check_connection(provider=provider)
    resumed = resume_provider(provider_id=provider.pk, reason="key")
    currency = (balance.currency or provider.currency).upper()
    text = f"It answers: our balance there is {plain(balance.amount)} {currency}."
    if currency != provider.currency.upper():
        return f"{text} That is another currency than the {provider.currency} set here."
    resumed = resume_provider(provider_id=provider.pk, reason="currency") or resumed
    if provider.pauses.exists():
        return f"{text} {_('It is still paused: %(reason)s.') % {'reason': provider.pauses.all()[0]}}"
    return f"{text} Orders go on." if resumed else text
