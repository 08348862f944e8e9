"""How the last run of each job went at each provider. Written by providers/availability/backoff.py alone."""

from django.db import models


class Backoff(models.Model):
    """How the last run of one reading job went at one provider, and when that job may ask there again."""

    provider = models.ForeignKey("providers.Provider", on_delete=models.CASCADE, related_name="+")
    job = models.CharField(max_length=40)
    failures = models.PositiveSmallIntegerField(default=0, help_text="Runs in a row that got no answer.")
    next_at = models.DateTimeField(null=True, help_text="Not asked before; empty when the last run was answered.")
    is_slow = models.BooleanField(default=False, help_text="The last run got no answer, or waited long for it.")
    ended_at = models.DateTimeField(null=True, help_text="When the last run ended.")
    slow_lane_until = models.DateTimeField(null=True, help_text="Runs in the slow lane now, until then at most.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "job"], name="backoff_once")]

    def __str__(self) -> str:
        return f"{self.job} at provider {self.provider_id}"
