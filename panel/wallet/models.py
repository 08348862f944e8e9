"""The ledger (accounts and transfers), which only ledger.py writes; deposits; requests for a second approval."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.database.fields import AmountField
from panel.wallet.deposits.pictures import picture_name, picture_store


class Account(models.Model):
    """A customer's wallet, or a house account with a name in `house`, such as held or cost:<provider>."""

    customer = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="wallet"
    )
    house = models.CharField(max_length=40, blank=True)
    currency = models.CharField(_lazy("currency"), max_length=8)
    balance = AmountField(
        null=True,
        help_text=_lazy("Stored for wallets only. The balance of a house account is the sum of its transfers."),
    )
    created_at = models.DateTimeField(_lazy("created"), default=timezone.now)

    class Meta:
        verbose_name = _lazy("account")
        verbose_name_plural = _lazy("accounts")
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
    """One transaction in one row: `amount` goes from `source` to `target`. Never changed or deleted."""

    key = models.CharField(
        max_length=80, unique=True, help_text=_lazy("Identifies the transaction, so that it cannot happen twice.")
    )
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount = AmountField()
    cause = models.CharField(max_length=40, blank=True, help_text=_lazy("What caused it, such as order:17."))
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
            models.Index(fields=["created_at"], name="transfer_time"),
            models.Index(
                fields=["created_at"],
                include=["source", "target", "amount"],
                condition=Q(key__startswith="cost:"),
                name="transfer_cost_lately",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Checkpoint(models.Model):
    """The balance of an account after the transfer `upto`, so that only later ones have to be summed.

    Derived from the transfers and written by checkpoints.py alone. It includes all earlier transfers of the account.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="checkpoint")
    upto = models.BigIntegerField()
    balance = AmountField()

    def __str__(self) -> str:
        return f"account {self.account_id} up to transfer {self.upto}"


class CheckpointProgress(models.Model):
    """One row: the transfers up to `upto` are in the checkpoints."""

    upto = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"up to transfer {self.upto}"


class PaymentMethod(models.Model):
    """A payment method that customers choose to add funds. `gateway` names the code that handles it."""

    name = models.CharField(max_length=60, unique=True)
    gateway = models.CharField(max_length=20, default="manual", editable=False)
    instructions = models.TextField(
        max_length=4000, help_text=_lazy("Where to send the payment and what to write as the reference. Plain text.")
    )
    minimum = AmountField(default=1, help_text=_lazy("In the shop's currency."))
    maximum = AmountField(default=10_000)
    is_active = models.BooleanField(_lazy("active"), default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _lazy("payment method")
        verbose_name_plural = _lazy("payment methods")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum__gt=0, maximum__gte=models.F("minimum")), name="payment_method_limits"
            )
        ]

    def __str__(self) -> str:
        return self.name


class TopUp(models.Model):
    """A deposit: what a customer reports to have paid, and what staff received and credited."""

    class State(models.TextChoices):
        ASKED = "asked", _lazy("Pending")
        APPROVED = "approved", _lazy("Completed")
        REFUSED = "refused", _lazy("Rejected")
        WITHDRAWN = "withdrawn", _lazy("Canceled")

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="top_ups")
    token = models.CharField(max_length=64, help_text=_lazy("Set by the form. The same token is the same deposit."))
    method = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, related_name="top_ups")
    currency = models.CharField(max_length=8)
    amount = AmountField(help_text=_lazy("The amount the customer reported."))
    credited = AmountField(null=True, help_text=_lazy("The amount received and added to the balance."))
    reference = models.CharField(max_length=200)
    picture = models.FileField(storage=picture_store, upload_to=picture_name, blank=True, max_length=100)
    picture_size = models.PositiveIntegerField(
        default=0, editable=False, help_text=_lazy("In bytes. Kept after the image is deleted.")
    )
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    note = models.CharField(max_length=300, blank=True, help_text=_lazy("Shown to the customer."))
    asked_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _lazy("deposit")
        verbose_name_plural = _lazy("deposits")
        constraints = [
            models.UniqueConstraint(fields=["customer", "token"], name="top_up_token_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="top_up_amount"),
            models.CheckConstraint(
                condition=Q(state="approved", credited__gt=0) | ~Q(state="approved") & Q(credited__isnull=True),
                name="top_up_credited_when_approved",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="top_up_customer"),
            models.Index(fields=["id"], condition=Q(state="asked"), name="top_up_waiting"),
            models.Index(fields=["asked_at"], name="top_up_asked"),
        ]

    def __str__(self) -> str:
        return _("Deposit #%(id)s") % {"id": self.pk}

    @property
    def is_pending(self) -> bool:
        """Whether nobody has decided on it yet."""
        return self.state == self.State.ASKED


class ApprovalRequest(models.Model):
    """A change of a customer's balance that needs the approval of a second member of staff."""

    class Action(models.TextChoices):
        ADJUST = "adjust", _lazy("Adjust balance")
        DEPOSIT = "deposit", _lazy("Approve deposit")
        PARTIAL = "partial", _lazy("Set order to partial")
        REFUND = "refund", _lazy("Refund order")
        UNCONFIRMED = "unconfirmed", _lazy("Refund unconfirmed order")

    class State(models.TextChoices):
        WAITING = "waiting", _lazy("Waiting")
        APPROVED = "approved", _lazy("Approved")
        DECLINED = "declined", _lazy("Declined")
        WITHDRAWN = "withdrawn", _lazy("Withdrawn")
        EXPIRED = "expired", _lazy("Expired")

    action = models.CharField(max_length=20, choices=Action)
    subject = models.CharField(max_length=40, help_text=_lazy("What the action is for, such as order:17."))
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount = AmountField(help_text=_lazy("The change of the customer's balance, in the shop's currency."))
    arguments = models.JSONField(default=dict, help_text=_lazy("The other arguments of the action."))
    reason = models.CharField(max_length=300, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True, help_text=_lazy("Why the request was declined."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=Q(state="waiting"), name="approval_waits_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True)
                | ~Q(state="waiting") & Q(decided_at__isnull=False),
                name="approval_decided_unless_waiting",
            ),
        ]

    def __str__(self) -> str:
        return _("Request #%(id)s") % {"id": self.pk}


class ManualMove(models.Model):
    """An amount that a member of staff moved for a customer without approval. Counted for 24 hours, then deleted."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount = AmountField()
    subject = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="manual_move_amount")]
        indexes = [models.Index(fields=["staff", "customer", "at"], name="manual_move_counted")]

    def __str__(self) -> str:
        return f"{self.staff_id} for {self.customer_id}: {self.subject}"
