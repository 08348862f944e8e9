"""The services that customers can order: a category, its services, their backup suppliers, and customers' favorites."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from panel.lib.database.fields import AmountField
from panel.lib.money import MICRO
from providers.models import Provider, UpstreamService

MAX_POSITION = 1_000_000_000  # leaves room behind it: both databases can hold what is placed after it
POSITIONS = (MinValueValidator(-MAX_POSITION), MaxValueValidator(MAX_POSITION))


class Category(models.Model):
    """A heading of the price list."""

    name = models.CharField(max_length=300, unique=True)
    position = models.IntegerField(default=0, validators=POSITIONS)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class CategoryHeading(models.Model):
    """A provider's word for a category: services that are listed under it stand there, whatever we call it."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="headings")
    text = models.CharField(max_length=300, unique=True)

    def __str__(self) -> str:
        return self.text


class Service(models.Model):
    """Something for sale: an upstream service under our name, in our category, at our rate."""

    upstream = models.OneToOneField(UpstreamService, on_delete=models.PROTECT, related_name="service")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="services")
    name = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    type = models.CharField(max_length=40, blank=True)
    min = models.BigIntegerField()
    max = models.BigIntegerField()
    refill = models.BooleanField(default=False)
    refill_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="For how many days after its end an order is refilled; empty: no limit known."
    )
    cancel = models.BooleanField(default=False)
    dripfeed = models.BooleanField(default=False)
    average_time = models.CharField(max_length=100, blank=True, help_text="In the provider's words.")
    measured_seconds = models.PositiveIntegerField(
        null=True, editable=False, help_text="How long our own orders took lately; empty where there are too few."
    )
    cost = AmountField(help_text="What it costs us, in the shop's currency, per 1000 or per package.")
    rate = AmountField(help_text="What customers pay, per 1000 or per package. Set by the markup rules.")
    is_enabled = models.BooleanField("on sale", default=True, help_text="Your switch.")
    is_available = models.BooleanField(
        "available",
        default=True,
        editable=False,
        help_text="The provider lists it and we can sell its type at this rate.",
    )
    unavailable_reason = models.CharField(max_length=100, blank=True, editable=False)
    has_low_margin = models.BooleanField(
        "low margin", default=False, editable=False, help_text="Its rate is under the smallest margin."
    )
    keeps_name = models.BooleanField(
        "keep this name", default=False, help_text="Also when the provider changes its own. Off: its name is taken."
    )
    keeps_description = models.BooleanField("keep this description", default=False)
    keeps_category = models.BooleanField("keep this category", default=False)
    move_waits = models.BooleanField(
        "waits for a move",
        default=False,
        editable=False,
        help_text="The provider lists it under another category, where another markup would apply; staff move it.",
    )
    own_min = models.PositiveBigIntegerField(
        "own min", null=True, blank=True, help_text="Empty: the provider's. Of the two, the narrower one holds."
    )
    own_max = models.PositiveBigIntegerField(
        "own max", null=True, blank=True, help_text="Empty: the provider's. Of the two, the narrower one holds."
    )
    own_rate = AmountField(
        null=True,
        blank=True,
        validators=[MinValueValidator(MICRO)],
        help_text="Fixed, whatever the markup rules say, per 1000 or per package. Under the cost it is not sold.",
    )
    allow_below_cost = models.BooleanField(default=False, help_text="Sell even where the rate is under the cost.")
    position = models.IntegerField(default=0, validators=POSITIONS)
    listed_at = models.DateTimeField(null=True, editable=False, help_text="When customers could first buy it.")
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["category__position", "category__name", "position", "id"]
        indexes = [
            models.Index(
                fields=["category", "position"],
                condition=Q(is_enabled=True, is_available=True),
                name="service_for_sale",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(own_rate__isnull=True) | Q(own_rate__gt=0), name="service_own_rate"),
            models.CheckConstraint(
                condition=Q(own_min__isnull=True) | Q(own_max__isnull=True) | Q(own_min__lte=F("own_max")),
                name="service_own_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"

    @property
    def is_for_sale(self) -> bool:
        return self.is_enabled and self.is_available


class Backup(models.Model):
    """Where else an order of a service may be bought when its own supplier refuses it; the lowest position first."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="backups")
    upstream = models.ForeignKey(UpstreamService, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["service", "upstream"], name="backup_once")]

    def __str__(self) -> str:
        return str(self.upstream)


class Favourite(models.Model):
    """A service that a customer wants to find at once."""

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "service"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.service_id}"
