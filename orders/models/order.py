"""An order and its history."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from orders.models.parts import PARTS
from orders.rules import subscription
from orders.rules.states import State, word_for_customer
from panel.lib.database.fields import AmountField, ExchangeRateField
from panel.lib.money import round_up
from panel.web.icons import badge_of
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


MISSING_THERE = "missing at the provider"
UNKNOWN_WORD = "unknown status"
OTHER_CURRENCY = "other currency"
ODD_REMAINS = "odd remains"
WITHOUT_REMAINS = "partial without remains"
PRICE_ROSE = "price rose above the charge"
NOT_AS_SOLD = "service needs review or is gone"
"""Some of the reasons in an order's `attention`."""
UNTIL_ANSWERED = frozenset({MISSING_THERE, UNKNOWN_WORD, OTHER_CURRENCY, ODD_REMAINS, WITHOUT_REMAINS})
"""Reasons that an answer brings: gone with the next answer that does not bring them again."""
WHILE_IT_WAITS = frozenset({PRICE_ROSE, NOT_AS_SOLD})
"""Reasons why a queued order is not sent: gone once it is sent or has ended."""


class Order(models.Model):
    """One order. `charge` and `refunded` are in the shop's currency, costs in the provider's; prices are snapshots."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="orders",
        db_index=False,  # two indexes begin with it
    )
    client_token = models.CharField(
        max_length=64, null=True, help_text=_lazy("Set by the form. The same token is the same order.")
    )
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="orders", db_index=False)  # as above
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="orders", db_index=False)
    provider_service = models.CharField(max_length=64)
    type = models.CharField(max_length=40)
    link = models.CharField(max_length=2000, blank=True)
    quantity = models.BigIntegerField(help_text=_lazy("Units that are charged, over all runs. 1 for a package."))
    fields = models.JSONField(default=dict, help_text=_lazy("Fields sent to the provider with the service."))

    currency = models.CharField(max_length=8)
    rate = AmountField()
    charge = AmountField()
    refunded = AmountField(default=0)
    captured = AmountField(
        default=0,
        help_text=_lazy(
            "Amount booked as revenue when the order ended, in the shop's currency. Later refunds are taken from it."
        ),
    )
    provider_currency = models.CharField(max_length=8)
    exchange_rate = ExchangeRateField()
    expected_cost = AmountField()
    cost = AmountField(default=0)
    money_moves = models.PositiveSmallIntegerField(
        default=0, help_text=_lazy("Counter that numbers the order's revenue and cost transfers.")
    )

    state = models.CharField(
        max_length=12, default=State.QUEUED, choices=[(one.value, badge_of(one.value).label) for one in State]
    )
    provider_order_id = models.CharField(max_length=64, null=True, blank=True)
    provider_status = models.CharField(max_length=20, blank=True)
    provider_status_raw = models.CharField(max_length=100, blank=True)
    start_count = models.BigIntegerField(null=True)
    remains = models.BigIntegerField(null=True)
    attention = models.CharField(
        max_length=40, blank=True, help_text=_lazy("Why staff should review the order. Empty if no review is needed.")
    )

    in_flight_cost = AmountField(
        null=True,
        editable=False,
        help_text=_lazy(
            "Expected cost while the order is in flight or unconfirmed at a provider where unconfirmed orders are "
            "checked, in the provider's currency."
        ),
    )

    next_attempt_at = models.DateTimeField(
        null=True, default=timezone.now, help_text=_lazy("When a queued order may be sent.")
    )
    next_poll_at = models.DateTimeField(
        null=True, help_text=_lazy("When the status is polled next. Empty if it is not polled.")
    )
    applied_at = models.DateTimeField(
        null=True, help_text=_lazy("When the response applied last was requested. Older responses are ignored.")
    )
    misses = models.PositiveSmallIntegerField(
        default=0, help_text=_lazy("Responses in a row that lacked the order or were invalid.")
    )
    missed_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(
        default=timezone.now, help_text=_lazy("When the order was last queued for a new reason.")
    )
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    listed_as = models.GeneratedField(
        expression=LISTED_AS,
        output_field=models.CharField(max_length=12),
        db_persist=True,
        help_text=_lazy("Status shown to customers, to filter lists by. Computed by the database."),
    )

    class Meta:
        verbose_name = _lazy("order")
        verbose_name_plural = _lazy("orders")
        permissions = [("refund_order", "Can refund an order that was sent")]
        constraints = [
            models.UniqueConstraint(fields=["customer", "client_token"], name="order_token_once"),
            models.UniqueConstraint(
                fields=["provider", "provider_order_id"],
                condition=Q(provider_order_id__isnull=False),
                name="order_provider_id_once",
            ),
            models.UniqueConstraint(
                fields=["provider", "in_flight_cost"],
                condition=Q(in_flight_cost__isnull=False),
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
            models.Index(fields=["created_at", "id"], name="order_time"),
            models.Index(fields=["service", "created_at", "id"], name="order_service_time"),
            models.Index(fields=["provider", "created_at", "id"], name="order_provider_time"),
            models.Index(fields=["state", "created_at", "id"], name="order_state_time"),
            models.Index(fields=["next_attempt_at"], condition=Q(state=State.QUEUED), name="order_to_send"),
            models.Index(fields=["next_poll_at"], condition=Q(next_poll_at__isnull=False), name="order_to_poll"),
            models.Index(
                fields=["state"], condition=Q(state__in=["SENDING", "UNCONFIRMED", "REVIEW"]), name="order_at_risk"
            ),
            models.Index(fields=["id"], condition=~Q(attention=""), name="order_attention"),
            models.Index(fields=["service", "sent_at"], condition=Q(state="ACTIVE"), name="order_on_its_way"),
            models.Index(fields=["provider", "finished_at"], condition=PARTS, name="order_with_parts"),
        ]

    def __str__(self) -> str:
        return _("Order #%(id)s") % {"id": self.pk}

    @property
    def word(self) -> str:
        """What customers read as its state."""
        return word_for_customer(self.state, self.provider_status)

    @property
    def cost_in_shop(self) -> Decimal:
        """What it cost us, in the shop's currency."""
        return round_up(self.cost * self.exchange_rate)

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


class OrderEvent(models.Model):
    """One line of an order's history. Only ever added to."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    what = models.CharField(
        max_length=20,
        help_text=_lazy("Type of the event: ordered, sent, accepted, started, ended, refunded, canceled, doubt, …"),
    )
    old = models.CharField(max_length=12, blank=True)
    new = models.CharField(max_length=12, blank=True)
    actor = models.CharField(max_length=100, blank=True, help_text=_lazy("Empty if it happened automatically."))
    reason = models.CharField(max_length=300, blank=True)
    amount = AmountField(null=True)

    class Meta:
        verbose_name = _lazy("order event")
        verbose_name_plural = _lazy("order events")
        indexes = [models.Index(fields=["order", "id"], name="event_order")]

    def __str__(self) -> str:
        return _("Order #%(order)s: %(event)s") % {"order": self.order_id, "event": self.what}
