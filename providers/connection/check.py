"""Tests a provider's connection for staff, and ends the pauses that the success disproves. Called by the admin."""

from django.utils.translation import gettext as _

from panel.web.formatting import money_text
from providers.availability.circuit_breaker import resume_provider
from providers.connection.connect import check_connection
from providers.models import Provider


def check_and_resume(*, provider: Provider) -> str:
    """Test the connection; returns the result as text for people. Raises ConnectionFailedError and changes nothing."""
    balance = check_connection(provider=provider)
    resumed = resume_provider(provider_id=provider.pk, reason="key")
    currency = (balance.currency or provider.currency).upper()
    text = _("Connected. Balance: %(balance)s.") % {"balance": money_text(balance.amount, currency=currency)}
    if currency != provider.currency.upper():
        warning = _("The provider's currency here is %(currency)s, so orders cannot be sent.")
        return f"{text} {warning % {'currency': provider.currency}}"
    resumed = resume_provider(provider_id=provider.pk, reason="currency") or resumed
    if provider.pauses.exists():
        return f"{text} {_('The provider is still paused: %(reason)s.') % {'reason': provider.pauses.all()[0]}}"
    return f"{text} {_('Orders resume.')}" if resumed else text
