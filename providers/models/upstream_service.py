"""A provider's services as it lists them, and the log of what changed there. Written by providers/sync."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.database.fields import AmountField
from providers.models.provider import Provider


class UpstreamService(models.Model):
    """A service as its provider lists it. Only the sync writes it. Rates are in the provider's currency."""

    class ReviewReason(models.TextChoices):
        REJECTED = "rejected", _lazy("invalid data")
        PRICE = "price", _lazy("large price change")
        MEANING = "meaning", _lazy("service ID reused")
        REFUSED = "refused", _lazy("rejected by the provider")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="services")
    external_id = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    type = models.CharField(max_length=40, blank=True, help_text=_lazy("Service type of the API. Empty if unknown."))
    raw_type = models.CharField(max_length=100, blank=True)
    category = models.CharField(max_length=300)
    rate = AmountField(help_text=_lazy("Per 1,000 or per package."))
    min = models.BigIntegerField()
    max = models.BigIntegerField()
    refill = models.BooleanField(default=False)
    cancel = models.BooleanField(default=False)
    dripfeed = models.BooleanField(default=False)
    description = models.TextField(blank=True)
    average_time = models.CharField(max_length=100, blank=True)
    fingerprint = models.BigIntegerField(
        null=True, editable=False, help_text=_lazy("Hash of the values above, to find changed rows.")
    )
    position = models.PositiveIntegerField(
        default=0, help_text=_lazy("Position in the provider's list when first seen.")
    )
    missing = models.PositiveSmallIntegerField(
        default=0, help_text=_lazy("Syncs in a row that did not list it. Removed at two.")
    )
    review_reason = models.CharField(
        max_length=10,
        blank=True,
        choices=ReviewReason,
        help_text=_lazy("Why staff must review it before it is sold again."),
    )
    rate_before = AmountField(
        null=True, help_text=_lazy("Rate before the large price change. Back near it, no review is needed.")
    )
    first_seen_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _lazy("provider service")
        verbose_name_plural = _lazy("provider services")
        constraints = [models.UniqueConstraint(fields=["provider", "external_id"], name="upstream_service_once")]

    def __str__(self) -> str:
        return f"{self.external_id} {self.name}"

    @property
    def is_listed(self) -> bool:
        return self.missing < 2


class ServiceChange(models.Model):
    """A change that a sync found at a provider. Rows are only ever added."""

    class Kind(models.TextChoices):
        NEW = "new", _lazy("New")
        CHANGED = "changed", _lazy("Changed")
        MISSING = "missing", _lazy("Missing")
        GONE = "gone", _lazy("Removed")
        BACK = "back", _lazy("Back")
        HELD = "held", _lazy("Held")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="changes")
    external_id = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=300, blank=True)
    fields = models.JSONField(default=dict, help_text=_lazy("For each changed field, the old and the new value."))
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _lazy("provider change")
        verbose_name_plural = _lazy("provider changes")
        indexes = [
            models.Index(fields=["provider", "-at"], name="service_change_latest"),
            models.Index(fields=["kind", "-id"], name="service_change_kind"),
            models.Index(fields=["provider", "external_id"], name="service_change_service"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id} {self.name}"
