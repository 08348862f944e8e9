"""Readings of our balance at a provider, and the exchange rates of losses there. Written by providers/balances."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.database.fields import AmountField, ExchangeRateField
from panel.wallet.models import Transfer
from providers.models.provider import Provider


class BalanceReading(models.Model):
    """A balance that a provider reported, beside the expected one of our ledger. In the provider's currency."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="readings")
    at = models.DateTimeField(default=timezone.now)
    balance = AmountField()
    currency = models.CharField(max_length=8)
    expected = AmountField(help_text=_lazy("Balance of the ledger, before unconfirmed orders."))
    at_risk = AmountField(
        default=0, help_text=_lazy("Expected cost of orders that may have been placed: in flight or unconfirmed.")
    )
    drift = AmountField(help_text=_lazy("Difference that the ledger cannot explain. 0 if there is none."))

    class Meta:
        verbose_name = _lazy("balance reading")
        verbose_name_plural = _lazy("balance readings")
        indexes = [models.Index(fields=["provider", "-at"], name="reading_latest")]

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.balance} {self.currency}"


class LossRate(models.Model):
    """The exchange rate of a loss at the time it was recorded, so that reports of past days stay the same."""

    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, primary_key=True, related_name="loss_rate")
    exchange_rate = ExchangeRateField()

    def __str__(self) -> str:
        return f"{self.transfer_id}: {self.exchange_rate}"
