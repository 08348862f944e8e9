"""The reasons why nothing is sent to a provider. Written by providers/availability/circuit_breaker.py."""

from django.db import models
from django.utils import timezone

from providers.models.provider import Provider


class Pause(models.Model):
    """One reason why nothing is sent to a provider. Each ends by itself, whatever becomes of the others."""

    class Reason(models.TextChoices):
        FUNDS = "funds", "no funds"
        KEY = "key", "API key refused"
        CURRENCY = "currency", "another currency"
        LIST_CURRENCY = "list-currency", "service list in another currency"
        DRIFT = "drift", "missing money"

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="pauses")
    reason = models.CharField(max_length=20, choices=Reason)
    since = models.DateTimeField(default=timezone.now)
    detail = models.CharField(max_length=300, blank=True, help_text="What was seen when the reason was last met.")

    class Meta:
        ordering = ["since", "pk"]
        constraints = [models.UniqueConstraint(fields=["provider", "reason"], name="pause_reason_once")]

    def __str__(self) -> str:
        return self.get_reason_display()
