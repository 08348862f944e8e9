"""What was bought and its fate. Constraints make the wrong states impossible; states.py holds the allowed moves."""

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from orders import subscription
from orders.states import State, word_for_customer
from panel.lib.fields import AmountField, ExchangeRateField
from providers.catalog.models import Service
from providers.models import Provider

LISTED_AS = Case(
    When(state=State.ACTIVE, provider_status__in=["Pending", "Processing"], then=F("provider_status")),
    When(state=State.ACTIVE, then=Value("In progress")),
    When(state=State.COMPLETED, then=Value("Completed")),
    When(state=State.PARTIAL, then=Value("Partial")),
    When(state__in=[State.CANCELED, State.REJECTED], then=Value("Canceled")),
    default=Value("Pending"),
)
"""What `word_for_customer` says, as the database says it; a test holds the two together."""


class Order(models.Model):
    """One order. `charge` and `refunded` are in the shop's currency, costs in the provider's; prices are snapshots."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="orders",
        db_index=False,  # two indexes begin with it
    )
    client_token = models.CharField(
        max_length=64, null=True, help_text="Given by the form; the same one is the same order."
    )
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="orders")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="orders")
    provider_service = models.CharField(max_length=64)
    type = models.CharField(max_length=40)
    link = models.CharField(max_length=2000, blank=True)
    quantity = models.BigIntegerField(help_text="What is charged for: units in all, over all runs; 1 for a package.")
    fields = models.JSONField(default=dict, help_text="What is sent to the provider beside the service.")

    currency = models.CharField(max_length=8)
    rate = AmountField()
    charge = AmountField()
    refunded = AmountField(default=0)
    captured = AmountField(
        default=0, help_text="What reached revenue when the order ended; refunds after that come from there."
    )
    provider_currency = models.CharField(max_length=8)
    exchange_rate = ExchangeRateField()
    expected_cost = AmountField()
    cost = AmountField(default=0)
    money_moves = models.PositiveSmallIntegerField(default=0, help_text="Numbers the capture and cost transfers.")

    state = models.CharField(max_length=12, default=State.QUEUED, choices=[(s.value, s.value) for s in State])
    provider_order_id = models.CharField(max_length=64, null=True, blank=True)
    provider_status = models.CharField(max_length=20, blank=True)
    provider_status_raw = models.CharField(max_length=100, blank=True)
    start_count = models.BigIntegerField(null=True)
    remains = models.BigIntegerField(null=True)
    attention = models.CharField(
        max_length=40, blank=True, help_text="Why a person should look; empty when none should."
    )

    gate_cost = AmountField(
        null=True, editable=False, help_text="In flight or in doubt at a provider that is probed: its expected cost."
    )

    next_attempt_at = models.DateTimeField(
        null=True, default=timezone.now, help_text="When a QUEUED order may be sent."
    )
    next_poll_at = models.DateTimeField(null=True, help_text="When its status is due; empty when it is not followed.")
    applied_at = models.DateTimeField(
        null=True, help_text="When the answer applied last was asked for; older ones are dropped."
    )
    misses = models.PositiveSmallIntegerField(
        default=0, help_text="Answers in a row without this order, or without sense."
    )
    missed_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(default=timezone.now, help_text="When it last became QUEUED for a new reason.")
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    listed_as = models.GeneratedField(
        expression=LISTED_AS,
        output_field=models.CharField(max_length=12),
        db_persist=True,
        help_text="The word that customers read, for lists of one word. Kept by the database.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "client_token"], name="order_token_once"),
            models.UniqueConstraint(
                fields=["provider", "provider_order_id"],
                condition=Q(provider_order_id__isnull=False),
                name="order_provider_id_once",
            ),
            models.UniqueConstraint(
                fields=["provider", "gate_cost"],
                condition=Q(gate_cost__isnull=False),
                name="order_one_in_flight_a_cost",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("charge")), name="order_refunded_in_charge"
            ),
            models.CheckConstraint(condition=Q(charge__gt=0, quantity__gt=0, cost__gte=0), name="order_amounts"),
            models.CheckConstraint(
                condition=~Q(state=State.ACTIVE) | Q(provider_order_id__isnull=False), name="order_active_has_id"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "created_at", "id"], name="order_customer_time"),
            models.Index(fields=["customer", "listed_as", "created_at", "id"], name="order_customer_word"),
            models.Index(fields=["next_attempt_at"], condition=Q(state=State.QUEUED), name="order_to_send"),
            models.Index(fields=["next_poll_at"], condition=Q(next_poll_at__isnull=False), name="order_to_poll"),
            models.Index(
                fields=["state"], condition=Q(state__in=["SENDING", "UNCONFIRMED", "REVIEW"]), name="order_at_risk"
            ),
            models.Index(fields=["id"], condition=~Q(attention=""), name="order_attention"),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def word(self) -> str:
        """What customers read as its state."""
        return word_for_customer(self.state, self.provider_status)

    @property
    def post_units(self) -> int | None:
        """How many units a post is charged as; None where the order is no subscription."""
        return subscription.post_units(self.fields) if self.type == subscription.TYPE else None

    @property
    def delivered(self) -> int:
        """Units delivered as far as we know, between 0 and the quantity."""
        if self.state == State.COMPLETED:
            return self.quantity
        if self.remains is None or self.state not in {State.ACTIVE, State.PARTIAL}:
            return 0
        return max(0, self.quantity - max(0, self.remains))


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
    outcome = models.CharField(max_length=10, choices=Outcome, null=True)
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=300, blank=True)
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
    why = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    is_right = models.BooleanField(null=True, help_text="Whether a person decided likewise.")

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="probe_due")]

    def __str__(self) -> str:
        return f"probe of {self.attempt}"


class OrderEvent(models.Model):
    """One line of an order's history. Only ever added to."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    what = models.CharField(
        max_length=20, help_text="ordered, sent, accepted, started, ended, refunded, canceled, doubt, …"
    )
    old = models.CharField(max_length=12, blank=True)
    new = models.CharField(max_length=12, blank=True)
    actor = models.CharField(max_length=100, blank=True, help_text="Empty: the panel itself.")
    why = models.CharField(max_length=300, blank=True)
    amount = AmountField(null=True)

    class Meta:
        indexes = [models.Index(fields=["order", "id"], name="event_order")]

    def __str__(self) -> str:
        return f"order {self.order_id}: {self.what}"


class Request(models.Model):
    """What is asked of a provider after the sale. Moves no money; at most one of a kind a order is open."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="%(class)ss")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Calls in a row without a sensible answer for it.")
    why = models.CharField(max_length=300, blank=True)
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
