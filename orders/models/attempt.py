"""The tries to buy an order, and what was found out at the provider about doubtful ones."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from orders.models.order import Order
from panel.lib.database.fields import AmountField
from providers.models import Provider

MAY_BE_THERE = Q(outcome__isnull=True) | Q(outcome="unknown") | Q(outcome="absent")
"""Attempts that the provider may have an order of without our knowing its id. SQLite compares no list of parameters
with an index's condition, so this is none."""


class Attempt(models.Model):
    """One try to buy an order, committed before a byte is sent. At most one a order is open, unknown or placed."""

    class Outcome(models.TextChoices):
        PLACED = "placed"
        NOT_PLACED = "not placed"
        REFUSED = "refused"
        UNKNOWN = "unknown"
        ABSENT = "absent"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, related_name="+")
    provider_service = models.CharField(max_length=64, blank=True)
    expected_cost = AmountField(
        null=True, help_text="In the provider's currency, as the order expected it then; of old ones not known."
    )
    outcome = models.CharField(max_length=10, choices=Outcome, null=True)
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    candidate = models.CharField(max_length=64, blank=True, help_text="An order id that a doubtful answer named.")
    http_status = models.IntegerField(null=True)
    body_sha256 = models.CharField(max_length=64, blank=True)
    excerpt = models.CharField(max_length=500, blank=True)

    class Meta:
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
        return f"order {self.order_id} attempt {self.number}"


class Probe(models.Model):
    """What was found out at the provider about an attempt whose outcome is unknown. `verdict` is empty while it runs.

    `low` and `high` are ids of ours around the attempt; `candidate` is the one that would be the order's.
    """

    class Verdict(models.TextChoices):
        PLACED = "placed"
        ABSENT = "absent"
        UNDECIDED = "undecided"

    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="probe")
    next_at = models.DateTimeField(null=True, default=timezone.now)
    low = models.BigIntegerField(null=True)
    high = models.BigIntegerField(null=True)
    scans = models.PositiveIntegerField(default=0, help_text="Looks at all ids between the two.")
    clean_scans = models.PositiveIntegerField(default=0, help_text="Complete ones that found nothing.")
    calls = models.PositiveIntegerField(default=0)
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)
    candidate = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    is_right = models.BooleanField(null=True, help_text="Whether a person decided likewise.")

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="probe_due")]

    def __str__(self) -> str:
        return f"probe of {self.attempt}"
