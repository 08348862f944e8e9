"""What changed in the catalog: a version for caches, and the log that customers read."""

from django.db import models
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.database.fields import AmountField
from providers.catalog.models.service import Service


class CatalogVersion(models.Model):
    """One row. Its version changes with everything that customers see, so that caches can check what they hold."""

    version = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.version


class CatalogUpdate(models.Model):
    """A change of the catalog that customers see, with the shop's rates. Deleted after a while.

    A row without a service stands for `count` services that changed at once.
    """

    class Kind(models.TextChoices):
        NEW = "new", _lazy("New")
        CHEAPER = "cheaper", _lazy("Price decreased")
        DEARER = "dearer", _lazy("Price increased")
        LIMITS = "limits", _lazy("Limits changed")
        REMOVED = "removed", _lazy("Removed")
        BACK = "back", _lazy("Available again")

    service = models.ForeignKey(Service, null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=300, blank=True, help_text=_lazy("The service's name at that time."))
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
