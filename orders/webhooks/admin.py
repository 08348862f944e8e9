"""Customers' webhooks and messages in the admin, read-only: customers manage them on their own page."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.webhooks.models import Delivery, Webhook
from panel.ops.admin_forms.base import ReadOnlyAdmin

OPEN = Delivery.objects.filter(webhook=OuterRef("pk"), next_at__isnull=False)
WAITING = Coalesce(Subquery(OPEN.order_by().values("webhook").values(number=Count("pk"))), 0)


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    """The webhooks of all customers."""

    list_display = ("customer", "url", "is_active", "waiting", "pause_reason")
    list_select_related = ("customer",)
    list_filter = ("is_active", ("slow_until", admin.EmptyFieldListFilter))
    search_fields = ("customer__email", "url")
    fields = (
        *("customer", "url", "is_active", "waiting", "pause_reason"),
        *("retry_at", "slow_until", "last_turn_at", "created_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        """Adds the number of waiting messages."""
        rows: QuerySet[Webhook] = super().get_queryset(request)
        return rows.annotate(waiting_messages=WAITING)

    @admin.display(description=_("messages waiting"))
    def waiting(self, webhook: Any) -> int:
        count: int = webhook.waiting_messages
        return count


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """The messages of the last days."""

    list_display = ("id", "webhook", "event", "state", "status", "tries", "created_at", "reason")
    list_select_related = ("webhook",)
    list_filter = ("event", "is_delivered")
    search_fields = ("=webhook__customer__email", "=id")
    fields = ("webhook", "event", "payload", "state", "status", "tries", "created_at", "tried_at", "next_at", "reason")

    @admin.display(description=_("status"))
    def state(self, delivery: Any) -> str:
        label: str = delivery.status_label
        return label
