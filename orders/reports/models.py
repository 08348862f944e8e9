"""The daily roll-ups, which only roll_up.py writes: the ledger added up, so that no report looks at transfers."""

from django.db import models
from django.utils import timezone

from orders.reports.totals import NAMES, ReportTotals
from panel.lib.database.fields import AmountField


class Scope(models.TextChoices):
    """Of what a row is: of the whole shop, or of one provider, service or customer."""

    ALL = "all"
    PROVIDER = "provider"
    SERVICE = "service"
    CUSTOMER = "customer"


class DailyFigure(models.Model):
    """What one day's transfers came to, for one subject: its primary key in the scope, 0 for the whole shop."""

    day = models.DateField()
    scope = models.CharField(max_length=8, choices=Scope)
    subject = models.BigIntegerField(default=0)
    orders = models.PositiveIntegerField(default=0, help_text="Orders that were charged.")
    charged = AmountField(default=0, help_text="Taken for orders, before anything was given back.")
    refunded = AmountField(default=0, help_text="Given back for orders.")
    revenue = AmountField(default=0, help_text="Earned: what orders that ended kept, less what was given back later.")
    cost = AmountField(default=0, help_text="In the shop's currency, by the exchange rate that each order keeps.")
    lost = AmountField(default=0, help_text="Spent at a provider for nothing, in the shop's currency.")
    topped_up = AmountField(default=0, help_text="Paid in by customers.")
    adjusted = AmountField(default=0, help_text="Put into wallets by staff, less what they took out.")
    own_cost = AmountField(default=0, help_text="In the provider's currency.")
    deposited = AmountField(default=0, help_text="Paid to the provider, in its currency.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "subject", "day"], name="daily_figure_once")]
        indexes = [models.Index(fields=["scope", "day"], name="daily_figure_days")]

    def __str__(self) -> str:
        return f"{self.day} {self.scope} {self.subject}"

    @property
    def figures(self) -> ReportTotals:
        return ReportTotals(*(getattr(self, name) for name in NAMES))


class RolledDay(models.Model):
    """A day that was added up, by the clock of `zone`; a closed one has all of its transfers."""

    day = models.DateField(unique=True)
    zone = models.CharField(max_length=64)
    rolled_at = models.DateTimeField(default=timezone.now, help_text="No transfer before this moment is missing.")
    is_closed = models.BooleanField(default=False)
    upto = models.BigIntegerField(default=0, help_text="While it runs: transfers up to this id are in its figures.")
    missing = models.JSONField(default=list, help_text="Ids before that which are not, as ranges; see running.py.")
    settled = models.BigIntegerField(default=0, help_text="No id up to this one was still to appear then.")
    sums = models.JSONField(null=True, help_text="What its figures came to when it was checked, by scope and name.")

    def __str__(self) -> str:
        return f"{self.day}"
