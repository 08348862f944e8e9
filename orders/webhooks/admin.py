"""Customers' webhooks and what was told to them, for staff to look at. Whose they are decides over them."""

from typing import Any

from django.contrib import admin

from orders.webhooks.models import Delivery, Webhook
from panel.ops.back_office import ReadOnlyAdmin


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    """Where customers hear of changes."""

    list_display = ("customer", "url", "is_active", "paused_why")
    list_select_related = ("customer",)
    list_filter = ("is_active",)
    search_fields = ("customer__email", "url")
    fields = ("customer", "url", "is_active", "paused_why", "created_at")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """The messages of the last days."""

    list_display = ("id", "webhook", "event", "state", "status", "tries", "created_at", "why")
    list_select_related = ("webhook",)
    list_filter = ("event", "is_delivered")
    search_fields = ("=webhook__customer__email", "=id")
    fields = ("webhook", "event", "payload", "state", "status", "tries", "created_at", "tried_at", "next_at", "why")

    @admin.display(description="state")
    def state(self, delivery: Any) -> str:
        word: str = delivery.word
        return word
