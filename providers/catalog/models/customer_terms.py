"""What single customers pay instead of the shop's rates: a discount, and own rates for services."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.database.fields import AmountField, ExactDecimalField
from panel.lib.money import MICRO
from providers.catalog.models.service import Service


def new_version() -> str:
    """A random version that was never used before."""
    return uuid.uuid4().hex


class CustomerTerms(models.Model):
    """A customer's own prices. `version` changes with the discount and with each custom rate."""

    customer = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="terms")
    discount_percent = ExactDecimalField(
        _lazy("discount"),
        places=3,
        default=0,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal("99.999"))],
        help_text=_lazy("Percent off every rate. A discounted rate is never below the cost or the minimum margin."),
    )
    version = models.CharField(max_length=32, default=new_version, editable=False)

    class Meta:
        verbose_name = _lazy("customer discount")
        verbose_name_plural = _lazy("customer discounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lt=100), name="terms_discount_is_a_part"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer}"


class CustomerRate(models.Model):
    """A customer's custom rate for one service, instead of the discount. A lower shop rate applies before it."""

    terms = models.ForeignKey(CustomerTerms, on_delete=models.CASCADE, related_name="rates")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    rate = AmountField(
        validators=[MinValueValidator(MICRO)],
        help_text=_lazy(
            "Per 1,000 or per package, in the shop's currency. A rate below the cost is raised to the cost."
        ),
    )
    is_fixed = models.BooleanField(
        _lazy("fixed"),
        default=False,
        help_text=_lazy("The customer pays this rate even if the shop's rate is lower. Off: the lower rate applies."),
    )

    class Meta:
        verbose_name = _lazy("custom rate")
        verbose_name_plural = _lazy("custom rates")
        constraints = [
            models.UniqueConstraint(fields=["terms", "service"], name="customer_rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="customer_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.rate.normalize():f}"
