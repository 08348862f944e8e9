"""The books: accounts and the transfers between them. Only ledger.py writes these rows."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from panel.lib.fields import AmountField


class Account(models.Model):
    """A customer's wallet, or a house account: `house` is its kind, with `:<provider>` where it has one."""

    customer = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="wallet"
    )
    house = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=8)
    balance = AmountField(null=True, help_text="Kept for wallets alone; a house account is the sum of its transfers.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["house", "currency"], condition=~Q(house=""), name="account_house_once"),
            models.CheckConstraint(condition=Q(balance__isnull=True) | Q(balance__gte=0), name="account_not_overdrawn"),
            models.CheckConstraint(
                condition=Q(customer__isnull=False, house="", balance__isnull=False)
                | Q(customer__isnull=True, balance__isnull=True) & ~Q(house=""),
                name="account_wallet_or_house",
            ),
        ]

    def __str__(self) -> str:
        return self.house or f"wallet:{self.customer_id}"


class Transfer(models.Model):
    """One movement, both legs in one row: `amount` goes from `source` to `target`. Never changed, never deleted."""

    key = models.CharField(max_length=80, unique=True, help_text="What this movement is; it cannot happen twice.")
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount = AmountField()
    cause = models.CharField(max_length=40, blank=True, help_text="What brought it about, such as order:17.")
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=~Q(source=models.F("target")), name="transfer_between_two"),
        ]
        indexes = [
            models.Index(fields=["source", "-id"], include=["amount"], name="transfer_source"),
            models.Index(fields=["target", "-id"], include=["amount"], name="transfer_target"),
            models.Index(fields=["cause"], name="transfer_cause"),
        ]

    def __str__(self) -> str:
        return self.key
