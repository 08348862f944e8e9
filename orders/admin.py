"""Orders with their evidence and history, to look at. The few actions call the same functions as the site."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.text import Truncator

from orders.cancel import CannotCancelError, cancel_queued
from orders.models import Attempt, Order, OrderEvent, Refill
from orders.resolve import clear_attention
from panel.ops import audit
from panel.ops.back_office import ReadOnlyAdmin, ReadOnlyInline, actor_of
from panel.wallet.models import Transfer
from panel.web.templatetags.panel import money, state_badge


class AttentionFilter(admin.SimpleListFilter):
    """Orders that a person should look at."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Needs a look"), ("no", "Needs none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() == "yes":
            return queryset.exclude(attention="")
        return queryset.filter(attention="") if self.value() == "no" else queryset


class ReasonForm(ActionForm):
    """The actions' menu with a line for why."""

    reason = forms.CharField(required=False, max_length=200)


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = ("number", "outcome", "started_at", "ended_at", "http_status", "why", "candidate", "excerpt")
    ordering = ("number",)


class EventInline(ReadOnlyInline):
    model = OrderEvent
    verbose_name_plural = "history"
    fields = ("at", "what", "old", "new", "actor", "why", "amount_shown")
    readonly_fields = ("amount_shown",)
    ordering = ("pk",)

    @admin.display(description="amount")
    def amount_shown(self, event: OrderEvent) -> str:
        return money(event.amount) if event.amount is not None else ""


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "customer", "state_shown", "charge_shown", "attention", "service_shown", "quantity_shown",
        "refunded_shown", "provider", "link_shown", "created_at",
    )  # fmt: skip
    list_select_related = ("customer", "service", "provider")
    list_filter = ("state", AttentionFilter, ("provider", admin.RelatedOnlyFieldListFilter))
    search_fields = ("=id", "=provider_order_id", "customer__email", "link")
    search_help_text = "Its number, the provider's number, the customer's e-mail address or the link"
    ordering = ("-pk",)
    action_form = ReasonForm
    actions = ("cancel", "looked_at")
    inlines = (AttemptInline, EventInline)
    fieldsets = (
        (None, {"fields": ("customer", "service", "link", "quantity", "type", "fields", "created_at")}),
        (
            "Money",
            {"fields": ("charge_shown", "refunded_shown", "captured_shown", "expected_cost_shown", "cost_shown")},
        ),
        ("Fate", {"fields": ("state_shown", "attention", "start_count", "remains", "sent_at", "finished_at")}),
        (
            "At the provider",
            {"fields": ("provider", "provider_service", "provider_order_id", "provider_status_raw", "next_poll_at")},
        ),
    )

    @admin.display(description="service")
    def service_shown(self, order: Order) -> str:
        return Truncator(str(order.service)).chars(48)

    @admin.display(description="link")
    def link_shown(self, order: Order) -> str:
        """Text, not a link: customers wrote it."""
        return Truncator(order.link).chars(60)

    @admin.display(description="quantity", ordering="quantity")
    def quantity_shown(self, order: Order) -> str:
        return f"{order.quantity:,}"

    @admin.display(description="charge", ordering="charge")
    def charge_shown(self, order: Order) -> str:
        return money(order.charge, order.currency)

    @admin.display(description="refunded")
    def refunded_shown(self, order: Order) -> str:
        return money(order.refunded or None, order.currency)

    @admin.display(description="earned")
    def captured_shown(self, order: Order) -> str:
        return money(order.captured, order.currency)

    @admin.display(description="expected cost")
    def expected_cost_shown(self, order: Order) -> str:
        return money(order.expected_cost, order.provider_currency)

    @admin.display(description="cost")
    def cost_shown(self, order: Order) -> str:
        return money(order.cost, order.provider_currency)

    @admin.display(description="state", ordering="state")
    def state_shown(self, order: Order) -> str:
        return format_html('<span title="{}">{}</span>', order.word, state_badge(order.state))

    def has_act_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("orders.change_order"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the order's transfers, which know it by their cause alone."""
        moves = Transfer.objects.filter(cause=f"order:{object_id}").select_related("source", "target").order_by("pk")
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "moves": moves})

    @admin.action(description="Cancel those not sent yet, all money back", permissions=["act"])
    def cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        actor = actor_of(request)

        def cancel_one(order_id: int) -> None:
            cancel_queued(order_id=order_id, actor=actor)
            audit.record(actor=actor, action="order cancel", target=f"order:{order_id}")

        done, refused = _each(orders, cancel_one)
        messages.success(request, f"{done} canceled, with all of their money back.")
        if refused:
            messages.warning(request, f"{refused} had been sent already and are as they were.")

    @admin.action(description="I have looked: take the flag away", permissions=["act"])
    def looked_at(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            messages.error(request, "Say in the reason what you found: it is kept with the order. Nothing was changed.")
            return
        actor = actor_of(request)
        flagged = orders.exclude(attention="")
        done, _ = _each(flagged, lambda order_id: clear_attention(order_id=order_id, actor=actor, reason=reason))
        messages.success(request, f"{done} looked at.")


def _each(orders: QuerySet[Order], act: Callable[[int], None]) -> tuple[int, int]:
    """Each order in a transaction of its own: how many it worked for, and how many it did not."""
    done = refused = 0
    for order_id in list(orders.order_by("pk").values_list("pk", flat=True)):
        try:
            act(order_id)
            done += 1
        except CannotCancelError:
            refused += 1
    return done, refused


@admin.register(Refill)
class RefillAdmin(ReadOnlyAdmin):
    list_display = ("id", "order", "state", "provider_refill_id", "provider_status_raw", "created_at", "ended_at")
    list_select_related = ("order",)
    list_filter = ("state",)
    search_fields = ("=order__id", "=provider_refill_id")
    ordering = ("-pk",)
