"""The daily totals of the ledger, so that reports need not read transfers. Written by roll_up.py alone."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy

from orders.reports.totals import NAMES, ReportTotals
from panel.lib.database.fields import AmountField


class Scope(models.TextChoices):
    """What a row is about: the whole shop, or one provider, service or customer."""

    ALL = "all", _lazy("Shop")
    PROVIDER = "provider", _lazy("Provider")
    SERVICE = "service", _lazy("Service")
    CUSTOMER = "customer", _lazy("Customer")


class DailyFigure(models.Model):
    """One day's totals for one subject: its primary key in the scope, 0 for the whole shop."""

    day = models.DateField()
    scope = models.CharField(max_length=8, choices=Scope)
    subject = models.BigIntegerField(default=0)
    orders = models.PositiveIntegerField(default=0, help_text=_lazy("Number of orders charged."))
    charged = AmountField(default=0, help_text=_lazy("Charged for orders before refunds, in the shop's currency."))
    refunded = AmountField(default=0, help_text=_lazy("Refunded for orders, in the shop's currency."))
    revenue = AmountField(
        default=0, help_text=_lazy("Revenue of finished orders less later refunds, in the shop's currency.")
    )
    cost = AmountField(
        default=0,
        help_text=_lazy("Cost of orders in the shop's currency, at the exchange rate stored with each order."),
    )
    lost = AmountField(default=0, help_text=_lazy("Losses at a provider, in the shop's currency."))
    topped_up = AmountField(default=0, help_text=_lazy("Deposits of customers, in the shop's currency."))
    adjusted = AmountField(
        default=0, help_text=_lazy("Balance adjustments by staff, added less deducted, in the shop's currency.")
    )
    own_cost = AmountField(default=0, help_text=_lazy("Cost of orders in the provider's currency."))
    deposited = AmountField(default=0, help_text=_lazy("Deposits to the provider, in its currency."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "subject", "day"], name="daily_figure_once")]
        indexes = [models.Index(fields=["scope", "day"], name="daily_figure_days")]

    def __str__(self) -> str:
        return f"{self.day} {self.scope} {self.subject}"

    @property
    def figures(self) -> ReportTotals:
        return ReportTotals(*(getattr(self, name) for name in NAMES))


class RolledDay(models.Model):
    """A day whose totals were computed, in the time zone `zone`. A closed day includes all of its transfers."""

    day = models.DateField(unique=True)
    zone = models.CharField(max_length=64)
    rolled_at = models.DateTimeField(
        default=timezone.now, help_text=_lazy("The totals include all transfers before this time.")
    )
    is_closed = models.BooleanField(default=False)
    upto = models.BigIntegerField(
        default=0, help_text=_lazy("During the day: the totals include transfers up to this ID.")
    )
    missing = models.JSONField(default=list, help_text=_lazy("Earlier IDs that are not included, as ranges."))
    settled = models.BigIntegerField(default=0, help_text=_lazy("No ID up to this one can appear anymore."))
    sums = models.JSONField(null=True, help_text=_lazy("The totals at the last check, by scope and name."))

    def __str__(self) -> str:
        return f"{self.day}"
