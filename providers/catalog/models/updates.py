"""What changed in the catalog: one version for caches, and the log that customers read."""

from django.db import models

from panel.lib.database.fields import AmountField
from providers.catalog.models.service import Service


class CatalogVersion(models.Model):
    """One row, whose version changes with everything that customers see: kept price lists are checked against it."""

    version = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.version


class CatalogUpdate(models.Model):
    """What customers see change on the shelf: its log, in the shop's rates. Forgotten after a while.

    Without a service it stands for `count` services that changed at once.
    """

    class Kind(models.TextChoices):
        NEW = "new", "New"
        CHEAPER = "cheaper", "Cheaper"
        DEARER = "dearer", "Dearer"
        LIMITS = "limits", "Other limits"
        REMOVED = "removed", "Off sale"
        BACK = "back", "Back"

    service = models.ForeignKey(Service, null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=300, blank=True, help_text="As customers knew it then.")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    old_rate = AmountField(null=True)
    new_rate = AmountField(null=True)
    old_min = models.BigIntegerField(null=True)
    new_min = models.BigIntegerField(null=True)
    old_max = models.BigIntegerField(null=True)
    new_max = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "-id"], name="catalog_update_kind"),
            models.Index(fields=["at"], name="catalog_update_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.service_id or self.count}"
