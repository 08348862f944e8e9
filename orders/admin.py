"""Orders with their evidence and history, to look at. The few actions call the same functions as the site."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator

from orders.aftercare.bulk_requests import request_cancels_for_customers, request_refills_for_customers
from orders.models import Attempt, Cancellation, Order, OrderEvent, Refill
from orders.rules.states import State
from orders.unconfirmed.decisions import clear_flag
from panel.ops.admin_forms.base import ReadOnlyAdmin, ReadOnlyInline, actor_of
from panel.wallet.models import Transfer
from panel.web.templatetags.panel import money, state_badge
from panel.web.text_input import read_reason


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
    fields = ("number", "outcome", "started_at", "ended_at", "http_status", "reason", "candidate", "excerpt", "probed")
    readonly_fields = ("probed",)
    ordering = ("number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("probe")

    @admin.display(description="looked into")
    def probed(self, attempt: Attempt) -> str:
        probe = getattr(attempt, "probe", None)
        return "" if probe is None else f"{probe.verdict or 'under way'}: {probe.reason}"


class EventInline(ReadOnlyInline):
    model = OrderEvent
    verbose_name_plural = "history"
    fields = ("at", "what", "old", "new", "actor", "reason", "amount_shown")
    readonly_fields = ("amount_shown",)
    ordering = ("pk",)

    @admin.display(description="amount")
    def amount_shown(self, event: OrderEvent) -> str:
        return money(event.amount) if event.amount is not None else ""


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "customer", "state_shown", "charge_shown", "attention", "service_shown", "quantity_shown",
        "refunded_shown", "provider", "link_shown", "created_at", "staff_page",
    )  # fmt: skip
    list_select_related = ("customer", "service", "provider")
    list_filter = ("state", AttentionFilter, "provider")
    search_fields = ("=id", "=provider_order_id", "customer__email", "link")
    search_help_text = "Its number, the provider's number, the customer's e-mail address or the link"
    ordering = ("-pk",)
    action_form = ReasonForm
    actions = ("cancel", "refill", "looked_at")
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

    @admin.display(description="all of it")
    def staff_page(self, order: Order) -> str:
        return format_html('<a href="{}">Open</a>', reverse("staff_order", args=[order.pk]))

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

    @admin.action(description="Cancel: at once what was not sent, the rest is asked for", permissions=["act"])
    def cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        reason = read_reason(request)
        said = request_cancels_for_customers(order_ids=_ids(orders), actor=actor_of(request), reason=reason)
        granted = [order_id for order_id, reason in said.items() if not reason]
        ended = Order.objects.filter(pk__in=granted, state=State.CANCELED).count()
        if ended:
            messages.success(request, f"{ended} canceled, with all of their money back.")
        if len(granted) > ended:
            messages.success(request, f"{len(granted) - ended} asked for. No money has moved yet.")
        _tell_refused(request, said)

    @admin.action(description="Ask for a refill", permissions=["act"])
    def refill(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        said = request_refills_for_customers(order_ids=_ids(orders), actor=actor_of(request))
        if done := sum(not reason for reason in said.values()):
            messages.success(request, f"{done} refills asked for.")
        _tell_refused(request, said)

    @admin.action(description="I have looked: take the flag away", permissions=["act"])
    def looked_at(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        reason = read_reason(request)
        if not reason:
            messages.error(request, "Say in the reason what you found: it is kept with the order. Nothing was changed.")
            return
        actor = actor_of(request)
        flagged = orders.exclude(attention="")
        for order_id in (ids := _ids(flagged)):
            clear_flag(order_id=order_id, actor=actor, reason=reason)
        messages.success(request, f"{len(ids)} looked at.")


def _ids(orders: QuerySet[Order]) -> list[int]:
    return list(orders.order_by("pk").values_list("pk", flat=True))


def _tell_refused(request: HttpRequest, said: Mapping[int, str]) -> None:
    """Each reason once, with how many it is true of."""
    for reason, count in Counter(reason for reason in said.values() if reason).items():
        messages.warning(request, f"{count} left as they were: {reason}")


class RequestAdmin(ReadOnlyAdmin):
    """What refills and cancels have in common."""

    list_select_related = ("order__provider",)
    list_filter = ("state", "order__provider")
    search_fields = ("=order__id", "=order__provider_order_id", "order__customer__email")
    search_help_text = "The order's number, its number at the provider, or the customer's e-mail address"
    ordering = ("-pk",)

    @admin.display(description="provider")
    def provider(self, one: Refill | Cancellation) -> str:
        return str(one.order.provider)


@admin.register(Refill)
class RefillAdmin(RequestAdmin):
    list_display = (
        "id", "order", "provider", "state", "provider_refill_id", "provider_status_raw", "tries", "reason",
        "created_at", "ended_at",
    )  # fmt: skip


@admin.register(Cancellation)
class CancellationAdmin(RequestAdmin):
    list_display = ("id", "order", "provider", "state", "tries", "reason", "created_at", "asked_at", "ended_at")
