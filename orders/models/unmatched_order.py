"""Orders at a provider that match none of ours: placed after a backup that was restored, or outside the panel."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy

from orders.models.order import Order
from panel.lib.database.fields import AmountField
from providers.models import Provider


class UnmatchedOrder(models.Model):
    """An order under our key at a provider that matches none of ours. Staff match it, write it off or dismiss it."""

    class Verdict(models.TextChoices):
        ADOPTED = "adopted", _lazy("Matched")
        LOST = "lost", _lazy("Written off")
        NOT_OURS = "not ours", _lazy("Not ours")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=64)
    charge = AmountField(null=True, help_text=_lazy("Cost at the provider, in the currency of its response."))
    currency = models.CharField(max_length=8, blank=True)
    status = models.CharField(max_length=100, blank=True)
    found_at = models.DateTimeField(default=timezone.now)
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "external_id"], name="orphan_once")]
        indexes = [models.Index(fields=["id"], condition=Q(verdict=""), name="orphan_open")]

    def __str__(self) -> str:
        return f"{self.provider} {self.external_id}"
