"""Orders with their attempts and history, read-only. The few actions call the same functions as the site."""

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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from orders.aftercare.bulk_requests import request_cancels_for_customers, request_refills_for_customers
from orders.models import Attempt, Cancellation, Order, OrderEvent, Refill
from orders.rules.states import State
from orders.unconfirmed.decisions import clear_flag
from panel.ops.admin_forms.base import ReadOnlyAdmin, ReadOnlyInline, actor_of
from panel.wallet.models import Transfer
from panel.web.templatetags.panel import money, state_badge
from panel.web.text_input import read_reason


class AttentionFilter(admin.SimpleListFilter):
    """Filters orders that staff should review."""

    title = _lazy("needs review")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() == "yes":
            return queryset.exclude(attention="")
        return queryset.filter(attention="") if self.value() == "no" else queryset


class ReasonForm(ActionForm):
    """The actions menu with a field for the reason."""

    reason = forms.CharField(label=_lazy("Reason"), required=False, max_length=200)


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = (
        "number",
        "outcome",
        "started_at",
        "ended_at",
        "http_status",
        "reason",
        "candidate",
        "excerpt",
        "check_shown",
    )
    readonly_fields = ("check_shown",)
    ordering = ("number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("probe")

    @admin.display(description=_lazy("provider check"))
    def check_shown(self, attempt: Attempt) -> str:
        probe = getattr(attempt, "probe", None)
        if probe is None:
            return ""
        result = probe.get_verdict_display() if probe.verdict else _("Still checking")
        return _("%(result)s: %(reason)s") % {"result": result, "reason": probe.reason} if probe.reason else result


class EventInline(ReadOnlyInline):
    model = OrderEvent
    verbose_name_plural = _lazy("history")
    fields = ("at", "what", "old", "new", "actor", "reason", "amount_shown")
    readonly_fields = ("amount_shown",)
    ordering = ("pk",)

    @admin.display(description=_lazy("amount"))
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
    search_help_text = _lazy("Order ID, the provider's order ID, the customer's email or the link")
    ordering = ("-pk",)
    action_form = ReasonForm
    actions = ("cancel", "refill", "mark_reviewed")
    inlines = (AttemptInline, EventInline)
    fieldsets = (
        (None, {"fields": ("customer", "service", "link", "quantity", "type", "fields", "created_at")}),
        (
            _lazy("Money"),
            {"fields": ("charge_shown", "refunded_shown", "captured_shown", "expected_cost_shown", "cost_shown")},
        ),
        (_lazy("Status"), {"fields": ("state_shown", "attention", "start_count", "remains", "sent_at", "finished_at")}),
        (
            _lazy("Provider"),
            {"fields": ("provider", "provider_service", "provider_order_id", "provider_status_raw", "next_poll_at")},
        ),
    )

    @admin.display(description=_lazy("service"))
    def service_shown(self, order: Order) -> str:
        return Truncator(str(order.service)).chars(48)

    @admin.display(description=_lazy("staff page"))
    def staff_page(self, order: Order) -> str:
        return format_html('<a href="{}">{}</a>', reverse("staff_order", args=[order.pk]), _("Open"))

    @admin.display(description=_lazy("link"))
    def link_shown(self, order: Order) -> str:
        """As text, not as a link: customers entered it."""
        return Truncator(order.link).chars(60)

    @admin.display(description=_lazy("quantity"), ordering="quantity")
    def quantity_shown(self, order: Order) -> str:
        return f"{order.quantity:,}"

    @admin.display(description=_lazy("charge"), ordering="charge")
    def charge_shown(self, order: Order) -> str:
        return money(order.charge, order.currency)

    @admin.display(description=_lazy("refunded"))
    def refunded_shown(self, order: Order) -> str:
        return money(order.refunded or None, order.currency)

    @admin.display(description=_lazy("revenue"))
    def captured_shown(self, order: Order) -> str:
        return money(order.captured, order.currency)

    @admin.display(description=_lazy("expected cost"))
    def expected_cost_shown(self, order: Order) -> str:
        return money(order.expected_cost, order.provider_currency)

    @admin.display(description=_lazy("cost"))
    def cost_shown(self, order: Order) -> str:
        return money(order.cost, order.provider_currency)

    @admin.display(description=_lazy("status"), ordering="state")
    def state_shown(self, order: Order) -> str:
        return format_html('<span title="{}">{}</span>', order.word, state_badge(order.state))

    def has_act_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("orders.change_order"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Adds the order's transfers, which refer to the order by their cause alone."""
        moves = Transfer.objects.filter(cause=f"order:{object_id}").select_related("source", "target").order_by("pk")
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "moves": moves})

    @admin.action(description=_lazy("Cancel, or request a cancellation if already sent"), permissions=["act"])
    def cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        reason = read_reason(request)
        results = request_cancels_for_customers(order_ids=_ids(orders), actor=actor_of(request), reason=reason)
        accepted = [order_id for order_id, refusal in results.items() if not refusal]
        canceled = Order.objects.filter(pk__in=accepted, state=State.CANCELED).count()
        if canceled:
            text = ngettext(
                "%(count)s order was canceled and refunded in full.",
                "%(count)s orders were canceled and refunded in full.",
                canceled,
            )
            messages.success(request, text % {"count": canceled})
        if requested := len(accepted) - canceled:
            text = ngettext(
                "%(count)s cancellation was requested. Nothing has been refunded yet.",
                "%(count)s cancellations were requested. Nothing has been refunded yet.",
                requested,
            )
            messages.success(request, text % {"count": requested})
        _show_refusals(request, results)

    @admin.action(description=_lazy("Request refill"), permissions=["act"])
    def refill(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        results = request_refills_for_customers(order_ids=_ids(orders), actor=actor_of(request))
        if requested := sum(not refusal for refusal in results.values()):
            text = ngettext("%(count)s refill was requested.", "%(count)s refills were requested.", requested)
            messages.success(request, text % {"count": requested})
        _show_refusals(request, results)

    @admin.action(description=_lazy("Mark as reviewed"), permissions=["act"])
    def mark_reviewed(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        reason = read_reason(request)
        if not reason:
            messages.error(request, _("Enter what you found as the reason. Nothing was changed."))
            return
        actor = actor_of(request)
        flagged = orders.exclude(attention="")
        for order_id in (ids := _ids(flagged)):
            clear_flag(order_id=order_id, actor=actor, reason=reason)
        text = ngettext("%(count)s order is marked as reviewed.", "%(count)s orders are marked as reviewed.", len(ids))
        messages.success(request, text % {"count": len(ids)})


def _ids(orders: QuerySet[Order]) -> list[int]:
    return list(orders.order_by("pk").values_list("pk", flat=True))


def _show_refusals(request: HttpRequest, results: Mapping[int, str]) -> None:
    """Show each reason once, with the number of orders that it applies to."""
    for reason, count in Counter(reason for reason in results.values() if reason).items():
        text = ngettext(
            "%(count)s order was not changed: %(reason)s", "%(count)s orders were not changed: %(reason)s", count
        )
        messages.warning(request, text % {"count": count, "reason": reason})


class RequestAdmin(ReadOnlyAdmin):
    """Shared by the lists of refills and cancellations."""

    list_select_related = ("order__provider",)
    list_filter = ("state", "order__provider")
    search_fields = ("=order__id", "=order__provider_order_id", "order__customer__email")
    search_help_text = _lazy("Order ID, the provider's order ID or the customer's email")
    ordering = ("-pk",)

    @admin.display(description=_lazy("provider"))
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
