"""A provider's services as it lists them, and the log of what changed there. Written by providers/sync."""

from django.db import models
from django.utils import timezone

from panel.lib.database.fields import AmountField
from providers.models.provider import Provider


class UpstreamService(models.Model):
    """A provider's service as it lists it: a mirror that only sync writes. Rates are in the provider's currency."""

    class ReviewReason(models.TextChoices):
        REJECTED = "rejected", "its entry makes no sense"
        PRICE = "price", "its price jumped"
        MEANING = "meaning", "its number stands for something else now"
        REFUSED = "refused", "the provider refused to sell it"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="services")
    external_id = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    type = models.CharField(max_length=40, blank=True, help_text="The document's word; empty when we do not know it.")
    raw_type = models.CharField(max_length=100, blank=True)
    category = models.CharField(max_length=300)
    rate = AmountField(help_text="Per 1000, or per package.")
    min = models.BigIntegerField()
    max = models.BigIntegerField()
    refill = models.BooleanField(default=False)
    cancel = models.BooleanField(default=False)
    dripfeed = models.BooleanField(default=False)
    description = models.TextField(blank=True)
    average_time = models.CharField(max_length=100, blank=True)
    fingerprint = models.BigIntegerField(
        null=True, editable=False, help_text="Of the values above: a listed row with the same one says the same."
    )
    position = models.PositiveIntegerField(default=0, help_text="Its place in the provider's list when first seen.")
    missing = models.PositiveSmallIntegerField(default=0, help_text="Syncs in a row that did not list it; gone at two.")
    review_reason = models.CharField(
        max_length=10,
        blank=True,
        choices=ReviewReason,
        help_text="Why it is not sold until a person or the list says better.",
    )
    rate_before = AmountField(null=True, help_text="Before its price jumped: back near it, the doubt is gone.")
    first_seen_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "external_id"], name="upstream_service_once")]

    def __str__(self) -> str:
        return f"{self.external_id} {self.name}"

    @property
    def is_listed(self) -> bool:
        return self.missing < 2


class ServiceChange(models.Model):
    """What a sync found: the change log. Only ever added to."""

    class Kind(models.TextChoices):
        NEW = "new"
        CHANGED = "changed"
        MISSING = "missing"
        GONE = "gone"
        BACK = "back"
        HELD = "held"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="changes")
    external_id = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=300, blank=True)
    fields = models.JSONField(default=dict, help_text="For each changed field: what it was and what it is.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["provider", "-at"], name="service_change_latest"),
            models.Index(fields=["kind", "-id"], name="service_change_kind"),
            models.Index(fields=["provider", "external_id"], name="service_change_service"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id} {self.name}"
