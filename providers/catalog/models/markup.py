"""The pricing rules. Changed through providers/catalog/markups.py, which reprices the services with them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.database.fields import AmountField
from providers.catalog.models.service import Category, Service
from providers.models import Provider


class Markup(models.Model):
    """A pricing rule: rate = cost + percent + fixed, rounded up. Without a target it applies to all services.

    Of several rules that match a service, the most specific one applies.
    """

    provider = models.ForeignKey(Provider, null=True, blank=True, on_delete=models.CASCADE)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.CASCADE)
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE)
    percent = models.DecimalField(
        _lazy("percent"), max_digits=9, decimal_places=3, help_text=_lazy("Percentage added to the cost.")
    )
    fixed = AmountField(
        _lazy("fixed amount"),
        default=0,
        help_text=_lazy("Added after the percentage, in the shop's currency per 1,000 or per package."),
    )
    decimals = models.PositiveSmallIntegerField(
        _lazy("decimals"), default=6, help_text=_lazy("Rates are rounded up to this many decimals (0 to 6).")
    )

    class Meta:
        verbose_name = _lazy("markup")
        verbose_name_plural = _lazy("markups")
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
        return f"{self.reach}: +{self.percent.normalize():f}% + {self.fixed.normalize():f}"

    @property
    def reach(self) -> str:
        """What the rule applies to, as text for people."""
        if self.service_id is not None:
            return _("service %(id)s") % {"id": self.service_id}
        if self.category_id is not None:
            return _("category “%(name)s”") % {"name": self.category}
        if self.provider_id is not None:
            return _("provider “%(name)s”") % {"name": self.provider}
        return _("everything")
