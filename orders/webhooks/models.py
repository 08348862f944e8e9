"""A customer's webhook and its messages. Messages name orders by id only, so nothing here imports orders."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.lib import crypto
from panel.lib.secret import Secret

LONGEST_URL = 500


class Webhook(models.Model):
    """The URL that a customer's updates are sent to, with the sealed secret that signs every message."""

    customer = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="webhook")
    url = models.CharField(_lazy("URL"), max_length=LONGEST_URL)
    sealed_secret = models.TextField(editable=False)
    is_active = models.BooleanField(default=True)
    pause_reason = models.CharField(max_length=300, blank=True, help_text=_lazy("Why it was paused automatically."))
    retry_at = models.DateTimeField(
        null=True, editable=False, help_text=_lazy("After a failure, no message is sent before this time.")
    )
    last_turn_at = models.DateTimeField(
        null=True, editable=False, help_text=_lazy("The webhook served least recently is next.")
    )
    slow_until = models.DateTimeField(
        null=True,
        default=timezone.now,
        editable=False,
        help_text=_lazy("In the slow lane until a quick response after this time. Empty in the quick lane."),
    )
    claim = models.CharField(
        max_length=32, blank=True, editable=False, help_text=_lazy("Token of the turn in progress, if any.")
    )
    claimed_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _lazy("webhook")
        verbose_name_plural = _lazy("webhooks")

    def __str__(self) -> str:
        return _("Webhook #%(id)s") % {"id": self.pk}

    def set_secret(self, secret: Secret) -> None:
        """Seal `secret` to this row, which must have been saved before; the caller saves the field."""
        self.sealed_secret = crypto.seal(secret, place=self._place(), keys=settings.DATA_KEYS)

    def open_secret(self) -> Secret:
        """The secret that signs messages. Raises SealError where it can't be read with the present keys."""
        return crypto.unseal(self.sealed_secret, place=self._place(), keys=settings.DATA_KEYS)

    def end_turn(self) -> None:
        """A turn under way writes nothing from now on; the caller saves `claim` and `claimed_until`."""
        self.claim, self.claimed_until = "", None

    def _place(self) -> str:
        return f"webhooks_webhook:{self.pk}:secret"


class Delivery(models.Model):
    """One message: open while it has a `next_at`, finished without. A message that is sent again keeps its ID.

    A webhook's open messages are sent in the order of their IDs. After a failure, `next_at` is the webhook's
    `retry_at`: until then all of them wait.
    """

    TEST = "test"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(
        max_length=20, help_text=_lazy("Type of the event: order.changed, refill.changed or test.")
    )
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(null=True, default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    is_delivered = models.BooleanField(default=False)
    status = models.PositiveSmallIntegerField(null=True, help_text=_lazy("HTTP status of the last response."))
    reason = models.CharField(max_length=300, blank=True, help_text=_lazy("Why the last attempt failed."))

    class Meta:
        verbose_name = _lazy("delivery")
        verbose_name_plural = _lazy("deliveries")
        indexes = [
            models.Index(fields=["webhook", "id"], condition=Q(next_at__isnull=False), name="delivery_open"),
            models.Index(fields=["webhook", "-id"], name="delivery_latest"),
            models.Index(fields=["created_at"], condition=Q(next_at__isnull=True), name="delivery_over"),
        ]

    def __str__(self) -> str:
        return _("Delivery #%(id)s") % {"id": self.pk}

    @property
    def status_label(self) -> str:
        """The status that customers and staff see."""
        if self.next_at is not None:
            return "Pending"
        return "Delivered" if self.is_delivered else "Failed"
