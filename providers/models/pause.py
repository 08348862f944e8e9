"""The reasons why nothing is sent to a provider. Written by providers/availability/circuit_breaker.py."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy

from providers.models.provider import Provider


class Pause(models.Model):
    """One reason why nothing is sent to a provider. Each pause ends independently of the others."""

    class Reason(models.TextChoices):
        FUNDS = "funds", _lazy("no funds")
        KEY = "key", _lazy("API key rejected")
        CURRENCY = "currency", _lazy("wrong currency")
        LIST_CURRENCY = "list-currency", _lazy("service list in the wrong currency")
        DRIFT = "drift", _lazy("missing money")

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="pauses")
    reason = models.CharField(max_length=20, choices=Reason)
    since = models.DateTimeField(default=timezone.now)
    detail = models.CharField(
        max_length=300, blank=True, help_text=_lazy("Details from the last time the reason applied.")
    )

    class Meta:
        ordering = ["since", "pk"]
        constraints = [models.UniqueConstraint(fields=["provider", "reason"], name="pause_reason_once")]

    def __str__(self) -> str:
        return self.get_reason_display()
