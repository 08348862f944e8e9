"""Readings of our balance at a provider, and the exchange rates of losses there. Written by providers/balances."""

from django.db import models
from django.utils import timezone

from panel.lib.database.fields import AmountField, ExchangeRateField
from panel.wallet.models import Transfer
from providers.models.provider import Provider


class BalanceReading(models.Model):
    """What a provider said our balance is, and what our books say it should be, in the provider's currency."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="readings")
    at = models.DateTimeField(default=timezone.now)
    balance = AmountField()
    currency = models.CharField(max_length=8)
    expected = AmountField(help_text="Our ledger account, before orders whose fate is not known.")
    at_risk = AmountField(
        default=0, help_text="The expected cost of orders that may have been bought: in flight or doubtful."
    )
    drift = AmountField(help_text="What the reading differs by from all that the books allow; 0 when it is explained.")

    class Meta:
        indexes = [models.Index(fields=["provider", "-at"], name="reading_latest")]

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.balance} {self.currency}"


class LossRate(models.Model):
    """The exchange rate at which a booking against the losses counts in the shop's currency: that of its moment."""

    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, primary_key=True, related_name="loss_rate")
    exchange_rate = ExchangeRateField()

    def __str__(self) -> str:
        return f"{self.transfer_id}: {self.exchange_rate}"
