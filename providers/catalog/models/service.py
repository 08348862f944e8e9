"""The services that customers can order: a category, its services, their backup suppliers, and customers' favorites."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.database.fields import AmountField
from panel.lib.money import MICRO
from providers.models import Provider, UpstreamService

MAX_POSITION = 1_000_000_000  # leaves room behind it: both databases can hold what is placed after it
POSITIONS = (MinValueValidator(-MAX_POSITION), MaxValueValidator(MAX_POSITION))


class Category(models.Model):
    """A category of the price list."""

    name = models.CharField(max_length=300, unique=True)
    position = models.IntegerField(default=0, validators=POSITIONS)

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _lazy("category")
        verbose_name_plural = _lazy("categories")

    def __str__(self) -> str:
        return self.name


class CategoryHeading(models.Model):
    """A provider's name for a category. Services that the provider lists under it belong to the category."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="headings")
    text = models.CharField(max_length=300, unique=True)

    def __str__(self) -> str:
        return self.text


class Service(models.Model):
    """A service of the catalog: an upstream service under our name, in our category, at our rate."""

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
        _lazy("refill period"),
        null=True,
        blank=True,
        help_text=_lazy("Days after completion in which an order can be refilled. Leave empty if unknown."),
    )
    cancel = models.BooleanField(default=False)
    dripfeed = models.BooleanField(default=False)
    average_time = models.CharField(max_length=100, blank=True, help_text=_lazy("As stated by the provider."))
    measured_seconds = models.PositiveIntegerField(
        null=True,
        editable=False,
        help_text=_lazy("Seconds that recent orders took. Empty if there are too few orders."),
    )
    cost = AmountField(help_text=_lazy("Your cost in the shop's currency, per 1,000 or per package."))
    rate = AmountField(help_text=_lazy("Price for customers, per 1,000 or per package. Set by the markups."))
    is_enabled = models.BooleanField(
        _lazy("enabled"), default=True, help_text=_lazy("Customers can order the service while it is available.")
    )
    is_available = models.BooleanField(
        _lazy("available"),
        default=True,
        editable=False,
        help_text=_lazy("The provider lists the service, and its type can be sold at this rate."),
    )
    unavailable_reason = models.CharField(_lazy("unavailable because"), max_length=100, blank=True, editable=False)
    has_low_margin = models.BooleanField(
        _lazy("low margin"),
        default=False,
        editable=False,
        help_text=_lazy("The rate is below the minimum margin."),
    )
    keeps_name = models.BooleanField(
        _lazy("keep this name"),
        default=False,
        help_text=_lazy("Keep the name when the provider changes its own. Off: the provider's name is used."),
    )
    keeps_description = models.BooleanField(_lazy("keep this description"), default=False)
    keeps_category = models.BooleanField(_lazy("keep this category"), default=False)
    move_waits = models.BooleanField(
        _lazy("category change pending"),
        default=False,
        editable=False,
        help_text=_lazy("The provider moved it to a category with another markup. Move the service to apply it."),
    )
    own_min = models.PositiveBigIntegerField(
        _lazy("custom minimum"),
        null=True,
        blank=True,
        help_text=_lazy("Leave empty to use the provider's limit. The stricter limit applies."),
    )
    own_max = models.PositiveBigIntegerField(
        _lazy("custom maximum"),
        null=True,
        blank=True,
        help_text=_lazy("Leave empty to use the provider's limit. The stricter limit applies."),
    )
    own_rate = AmountField(
        _lazy("custom rate"),
        null=True,
        blank=True,
        validators=[MinValueValidator(MICRO)],
        help_text=_lazy("Fixed rate per 1,000 or per package, instead of the markups. It cannot be below the cost."),
    )
    allow_below_cost = models.BooleanField(
        _lazy("allow below cost"),
        default=False,
        help_text=_lazy("Sell the service even if its rate is below the cost."),
    )
    position = models.IntegerField(default=0, validators=POSITIONS)
    listed_at = models.DateTimeField(
        null=True, editable=False, help_text=_lazy("When customers could first order the service.")
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _lazy("service")
        verbose_name_plural = _lazy("services")
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
    """A backup supplier of a service, for orders that its main supplier rejects. The lowest position comes first."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="backups")
    upstream = models.ForeignKey(UpstreamService, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _lazy("backup supplier")
        constraints = [models.UniqueConstraint(fields=["service", "upstream"], name="backup_once")]

    def __str__(self) -> str:
        return str(self.upstream)


class Favourite(models.Model):
    """A service that a customer marked as a favorite."""

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "service"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.service_id}"
