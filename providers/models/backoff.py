"""How the last run of each job went at each provider. Written by providers/availability/backoff.py alone."""

from django.db import models
from django.utils.translation import gettext_lazy as _lazy


class Backoff(models.Model):
    """How the last run of a job went at a provider, and when that job may run there again."""

    provider = models.ForeignKey("providers.Provider", on_delete=models.CASCADE, related_name="+")
    job = models.CharField(max_length=40)
    failures = models.PositiveSmallIntegerField(default=0, help_text=_lazy("Runs in a row without an answer."))
    next_at = models.DateTimeField(null=True, help_text=_lazy("Next run. Empty if the last run was answered."))
    is_slow = models.BooleanField(default=False, help_text=_lazy("The last run got no answer or a slow one."))
    ended_at = models.DateTimeField(null=True, help_text=_lazy("End of the last run."))
    slow_lane_until = models.DateTimeField(null=True, help_text=_lazy("Holds a slot of the slow lane until then."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "job"], name="backoff_once")]

    def __str__(self) -> str:
        return f"{self.job} at provider {self.provider_id}"
