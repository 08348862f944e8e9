"""Refills and cancellations that are requested from a provider."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from orders.models.order import Order


class Request(models.Model):
    """A request to a provider about an order. Moves no money; an order has at most one open request of each type."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="%(class)ss")
    tries = models.PositiveSmallIntegerField(default=0, help_text=_lazy("Attempts in a row without a valid response."))
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    asked_at = models.DateTimeField(null=True, help_text=_lazy("When the request was last sent to the provider."))
    next_at = models.DateTimeField(
        null=True, default=timezone.now, help_text=_lazy("When the request is sent or its status is polled next.")
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Refill(Request):
    """A request to replace what dropped. UNKNOWN: sent, without a valid response."""

    class State(models.TextChoices):
        WANTED = "wanted", _lazy("Requested")
        SENDING = "sending", _lazy("Sending")
        UNKNOWN = "unknown", _lazy("Unknown")
        PENDING = "pending", _lazy("Pending")
        IN_PROGRESS = "in progress", _lazy("In progress")
        COMPLETED = "completed", _lazy("Completed")
        REJECTED = "rejected", _lazy("Rejected")

    OPEN = (State.WANTED, State.SENDING, State.UNKNOWN, State.PENDING, State.IN_PROGRESS)

    state = models.CharField(max_length=12, choices=State, default=State.WANTED)
    provider_refill_id = models.CharField(max_length=64, blank=True)
    provider_status_raw = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _lazy("refill")
        verbose_name_plural = _lazy("refills")
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["wanted", "sending", "unknown", "pending", "in progress"]),
                name="refill_one_open",
            )
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="refill_due")]

    def __str__(self) -> str:
        return _("Refill #%(id)s of order #%(order)s") % {"id": self.pk, "order": self.order_id}


class Cancellation(Request):
    """A request to cancel an order that may have been sent. The order's final status closes it and moves the money.

    UNKNOWN: sent, without a clear response.
    """

    class State(models.TextChoices):
        WANTED = "wanted", _lazy("Requested")
        SENDING = "sending", _lazy("Sending")
        UNKNOWN = "unknown", _lazy("Unknown")
        ASKED = "asked", _lazy("Accepted")
        DONE = "done", _lazy("Completed")
        TOO_LATE = "too late", _lazy("Too late")
        REFUSED = "refused", _lazy("Rejected")

    OPEN = (State.WANTED, State.SENDING, State.UNKNOWN, State.ASKED)

    state = models.CharField(max_length=12, choices=State, default=State.WANTED)

    class Meta:
        verbose_name = _lazy("cancellation")
        verbose_name_plural = _lazy("cancellations")
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["wanted", "sending", "unknown", "asked"]),
                name="cancellation_one_open",
            )
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="cancellation_due")]

    def __str__(self) -> str:
        return _("Cancellation #%(id)s of order #%(order)s") % {"id": self.pk, "order": self.order_id}
