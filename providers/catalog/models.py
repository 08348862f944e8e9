"""The shelf: what customers can buy, and the rules that price it. Rates here are in the shop's currency."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from panel.lib.database.fields import AmountField, ExactDecimalField
from panel.lib.money import MICRO
from providers.models import Provider, UpstreamService

LARGEST_POSITION = 1_000_000_000  # what is put behind it still has a place that both databases can hold
POSITIONS = (MinValueValidator(-LARGEST_POSITION), MaxValueValidator(LARGEST_POSITION))


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
                fields=["category", "position"], condition=Q(is_enabled=True, is_available=True), name="service_shelf"
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


def new_version() -> str:
    """A word that was never used before."""
    return uuid.uuid4().hex


class CustomerTerms(models.Model):
    """What a customer pays in place of the shop's rates. Its `version` changes with the discount and with each rate."""

    customer = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="terms")
    discount_percent = ExactDecimalField(
        "discount",
        places=3,
        default=0,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal("99.999"))],
        help_text="Off every rate, in percent. No rate falls below its cost or the minimum margin by it.",
    )
    version = models.CharField(max_length=32, default=new_version, editable=False)

    class Meta:
        verbose_name_plural = "customers' terms"
        constraints = [
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lt=100), name="terms_discount_is_a_part"
            )
        ]

    def __str__(self) -> str:
        return f"Terms of {self.customer}"


class CustomerRate(models.Model):
    """A customer's own rate for one service, in the place of the discount. A lower rate of the shop holds before it."""

    terms = models.ForeignKey(CustomerTerms, on_delete=models.CASCADE, related_name="rates")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    rate = AmountField(
        validators=[MinValueValidator(MICRO)],
        help_text="Per 1000 or per package, in the shop's currency. Under the cost, the cost is taken.",
    )
    is_fixed = models.BooleanField(
        "fixed",
        default=False,
        help_text="The customer pays this rate also when the shop's is lower. Off: the lower of the two.",
    )

    class Meta:
        verbose_name = "own rate"
        constraints = [
            models.UniqueConstraint(fields=["terms", "service"], name="customer_rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="customer_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.rate.normalize():f}"


class Shelf(models.Model):
    """One row, whose version changes with everything that customers see: kept price lists are checked against it."""

    version = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.version


class Markup(models.Model):
    """A pricing rule: rate = cost + percent + fixed, rounded up. It has one target or none; the most specific wins."""

    provider = models.ForeignKey(Provider, null=True, blank=True, on_delete=models.CASCADE)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.CASCADE)
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE)
    percent = models.DecimalField(max_digits=9, decimal_places=3, help_text="Added to the cost, in per cent of it.")
    fixed = AmountField(
        default=0, help_text="Added after the percentage, in the shop's currency per 1000 or per package."
    )
    decimals = models.PositiveSmallIntegerField(
        default=6, help_text="The rate is rounded up to this many decimals (0 to 6)."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(provider__isnull=True, category__isnull=True)
                | Q(provider__isnull=True, service__isnull=True)
                | Q(category__isnull=True, service__isnull=True),
                name="markup_one_target",
            ),
            models.UniqueConstraint(
                Coalesce("provider", 0), Coalesce("category", 0), Coalesce("service", 0), name="markup_target_once"
            ),
            models.CheckConstraint(condition=Q(decimals__lte=6), name="markup_decimals"),
            models.CheckConstraint(condition=Q(percent__gt=-100), name="markup_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.reach}: +{self.percent.normalize():f} % + {self.fixed.normalize():f}"

    @property
    def reach(self) -> str:
        """What the rule is for, in words."""
        if self.service_id is not None:
            return f"service {self.service_id}"
        if self.category_id is not None:
            return f"category “{self.category}”"
        if self.provider_id is not None:
            return f"provider “{self.provider}”"
        return "everything"


class ShelfChange(models.Model):
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
            models.Index(fields=["kind", "-id"], name="shelf_change_kind"),
            models.Index(fields=["at"], name="shelf_change_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.service_id or self.count}"
