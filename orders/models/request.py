"""What is asked of a provider after the sale."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from orders.models.order import Order


class Request(models.Model):
    """What is asked of a provider after the sale. Moves no money; at most one of a kind a order is open."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="%(class)ss")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Calls in a row without a sensible answer for it.")
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    asked_at = models.DateTimeField(null=True, help_text="When it was passed on last.")
    next_at = models.DateTimeField(null=True, default=timezone.now, help_text="When it is passed on or looked at next.")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk} of order {self.order_id}"


class Refill(Request):
    """A request to make good what dropped. UNKNOWN was passed on without a sensible answer."""

    class State(models.TextChoices):
        WANTED = "wanted"
        SENDING = "sending"
        UNKNOWN = "unknown"
        PENDING = "pending"
        IN_PROGRESS = "in progress"
        COMPLETED = "completed"
        REJECTED = "rejected"

    OPEN = (State.WANTED, State.SENDING, State.UNKNOWN, State.PENDING, State.IN_PROGRESS)

    state = models.CharField(max_length=12, choices=State, default=State.WANTED)
    provider_refill_id = models.CharField(max_length=64, blank=True)
    provider_status_raw = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["wanted", "sending", "unknown", "pending", "in progress"]),
                name="refill_one_open",
            )
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="refill_due")]


class Cancellation(Request):
    """A wish to end an order that may have been sent: only what becomes of the order moves money, and closes it.

    UNKNOWN was passed on without a clear answer.
    """

    class State(models.TextChoices):
        WANTED = "wanted"
        SENDING = "sending"
        UNKNOWN = "unknown"
        ASKED = "asked"
        DONE = "done"
        TOO_LATE = "too late"
        REFUSED = "refused"

    OPEN = (State.WANTED, State.SENDING, State.UNKNOWN, State.ASKED)

    state = models.CharField(max_length=12, choices=State, default=State.WANTED)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["wanted", "sending", "unknown", "asked"]),
                name="cancellation_one_open",
            )
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="cancellation_due")]
