"""What single customers pay instead of the shop's rates: a discount, and own rates for services."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from panel.lib.database.fields import AmountField, ExactDecimalField
from panel.lib.money import MICRO
from providers.catalog.models.service import Service


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
