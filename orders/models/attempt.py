"""The attempts to place an order at a provider, and the checks there of those with an unknown outcome."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from orders.models.order import Order
from panel.lib.database.fields import AmountField
from providers.models import Provider

MAY_BE_THERE = Q(outcome__isnull=True) | Q(outcome="unknown") | Q(outcome="absent")
"""Attempts for which the provider may have an order whose ID we do not know. Written without a list of parameters,
which SQLite would not match with an index's condition."""


class Attempt(models.Model):
    """An attempt to place an order, committed before it is sent. Per order, one at most is open, unknown or placed."""

    class Outcome(models.TextChoices):
        PLACED = "placed", _lazy("Placed")
        NOT_PLACED = "not placed", _lazy("Not placed")
        REFUSED = "refused", _lazy("Rejected")
        UNKNOWN = "unknown", _lazy("Unknown")
        ABSENT = "absent", _lazy("Not found")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, related_name="+")
    provider_service = models.CharField(max_length=64, blank=True)
    expected_cost = AmountField(
        null=True,
        help_text=_lazy("Cost that was expected for this attempt, in the provider's currency. Empty for old attempts."),
    )
    outcome = models.CharField(max_length=10, choices=Outcome, null=True)
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    candidate = models.CharField(
        max_length=64, blank=True, help_text=_lazy("Order ID in a response that did not confirm the order.")
    )
    http_status = models.IntegerField(null=True)
    body_sha256 = models.CharField(max_length=64, blank=True)
    excerpt = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _lazy("attempt")
        verbose_name_plural = _lazy("attempts")
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(outcome__isnull=True) | Q(outcome__in=["unknown", "placed"]),
                name="attempt_one_live",
            ),
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(outcome__isnull=True), name="attempt_open"),
            models.Index(fields=["provider", "started_at"], condition=Q(outcome="placed"), name="attempt_placed"),
            models.Index(fields=["provider", "started_at"], condition=MAY_BE_THERE, name="attempt_may_be_there"),
        ]

    def __str__(self) -> str:
        return _("Order #%(order)s, attempt %(number)s") % {"order": self.order_id, "number": self.number}


class Probe(models.Model):
    """The check at the provider of an attempt whose outcome is unknown. `verdict` is empty while it runs.

    `low` and `high` are known order IDs around the attempt; `candidate` is the ID that may be the order's.
    """

    class Verdict(models.TextChoices):
        PLACED = "placed", _lazy("Placed")
        ABSENT = "absent", _lazy("Not found")
        UNDECIDED = "undecided", _lazy("Inconclusive")

    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="probe")
    next_at = models.DateTimeField(null=True, default=timezone.now)
    low = models.BigIntegerField(null=True)
    high = models.BigIntegerField(null=True)
    scans = models.PositiveIntegerField(default=0, help_text=_lazy("Checks of all IDs between the two."))
    clean_scans = models.PositiveIntegerField(default=0, help_text=_lazy("Complete checks that found nothing."))
    calls = models.PositiveIntegerField(default=0)
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)
    candidate = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    is_right = models.BooleanField(null=True, help_text=_lazy("Whether staff confirmed the result."))

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="probe_due")]

    def __str__(self) -> str:
        return f"probe of {self.attempt}"
