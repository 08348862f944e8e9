"""The shelf: categories, services and pricing rules. What sync and the rules write is read-only here.

Customers' own rates and discounts are in providers/catalog/terms_admin.py.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from panel.ops import audit
from panel.ops.back_office import RecordAdmin, TabularInline, actor_of
from panel.web.access import need
from panel.web.templatetags.panel import money
from providers.catalog import terms_admin
from providers.catalog.choices import choose_for_service, put_on_sale, save_category
from providers.catalog.forms import TARGETS, BackupForm, MarkupForm, margin_percent, preview_of
from providers.catalog.held import confirm_services
from providers.catalog.markups import delete_markup, set_markup
from providers.catalog.models import Backup, Category, Markup, Service

__all__ = ["CategoryAdmin", "MarkupAdmin", "ServiceAdmin", "terms_admin"]

CHOSEN = (
    "name", "description", "category", "has_own_words", "position", "is_enabled", "allow_below_cost", "refill_days"
)  # fmt: skip


@admin.register(Category)
class CategoryAdmin(RecordAdmin):
    list_display = ("name", "heading", "position")
    search_fields = ("name", "heading")
    fields = ("name", "position", "heading")
    readonly_fields = ("heading",)

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        save_category(category=obj)


class BackupInline(TabularInline):
    """Where a refused order of the service goes next."""

    model = Backup
    form = BackupForm
    extra = 0
    autocomplete_fields = ("upstream",)
    verbose_name_plural = "backup suppliers, asked in this order when an order is refused"


@admin.register(Service)
class ServiceAdmin(RecordAdmin):
    list_display = (
        "id", "name", "category", "provider", "cost_shown", "rate_shown", "margin", "is_enabled", "is_available",
        "unavailable_reason",
    )  # fmt: skip
    list_display_links = ("id", "name")
    list_select_related = ("category", "provider")
    list_filter = (
        "is_enabled",
        "is_available",
        ("upstream__doubt", admin.AllValuesFieldListFilter),
        ("provider", admin.RelatedOnlyFieldListFilter),
        "type",
        "has_own_words",
        "allow_below_cost",
    )
    search_fields = ("=id", "name", "=upstream__external_id", "category__name")
    search_help_text = "Our number, the provider's number, or words of the name or category"
    autocomplete_fields = ("category",)
    inlines = (BackupInline,)
    actions = ("enable", "disable", "confirm")
    fieldsets = (
        (None, {"fields": ("name", "description", "category", "has_own_words", "position")}),
        ("Sale", {"fields": ("is_enabled", "allow_below_cost", "is_available", "unavailable_reason", "doubt")}),
        ("After the sale", {"fields": ("refill_days",)}),
        ("Price", {"fields": ("cost_shown", "rate_shown", "margin")}),
        (
            "From the provider",
            {"fields": ("provider", "listed_as", "type", "min", "max", "refill", "cancel", "dripfeed", "average_time")},
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(str(name) for name in flatten_fieldsets(self.fieldsets) if name not in CHOSEN)

    @admin.display(description="cost", ordering="cost")
    def cost_shown(self, service: Service) -> str:
        return money(service.cost)

    @admin.display(description="rate", ordering="rate")
    def rate_shown(self, service: Service) -> str:
        return money(service.rate)

    @admin.display(description="margin")
    def margin(self, service: Service) -> str:
        margin = margin_percent(cost=service.cost, rate=service.rate)
        return "–" if margin is None else f"{margin:.1f} %"

    @admin.display(description="doubt")
    def doubt(self, service: Service) -> str:
        return service.upstream.get_doubt_display() or "none"

    @admin.display(description="listed as")
    def listed_as(self, service: Service) -> str:
        return str(service.upstream)

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        chosen = {name: form.cleaned_data[name] for name in form.changed_data}
        if chosen:
            choose_for_service(service=obj, chosen=chosen)

    @admin.action(description="Put on sale", permissions=["change"])
    def enable(self, request: HttpRequest, services: QuerySet[Service]) -> None:
        self._switch(request, services, is_enabled=True)

    @admin.action(description="Take off sale", permissions=["change"])
    def disable(self, request: HttpRequest, services: QuerySet[Service]) -> None:
        self._switch(request, services, is_enabled=False)

    @admin.action(description="Confirm doubtful prices and meanings", permissions=["change"])
    def confirm(self, request: HttpRequest, services: QuerySet[Service]) -> None:
        ids = list(services.values_list("pk", flat=True))
        count = confirm_services(service_ids=ids, actor=actor_of(request), now=timezone.now())
        messages.success(request, f"{count:,} were in doubt and are as the provider lists them now.")

    def _switch(self, request: HttpRequest, services: QuerySet[Service], *, is_enabled: bool) -> None:
        ids = list(services.values_list("pk", flat=True))
        count = put_on_sale(service_ids=ids, is_enabled=is_enabled)
        self._note(request, "service.enable" if is_enabled else "service.disable", ids)
        messages.success(request, f"{count:,} services are {'on' if is_enabled else 'off'} sale now.")

    def _note(self, request: HttpRequest, action: str, ids: list[int]) -> None:
        detail = {"services": ids[:1000], "count": len(ids)}
        audit.record(actor=actor_of(request), action=action, target="services", detail=detail)


@admin.register(Markup)
class MarkupAdmin(RecordAdmin):
    """Pricing rules. Saving one reprices the shelf in the same transaction."""

    form = MarkupForm
    list_display = ("reach", "percent_shown", "fixed_shown", "decimals")
    list_select_related = ("provider", "category", "service")
    search_fields = ("provider__name", "category__name", "service__name")
    autocomplete_fields = ("provider", "category", "service")
    fieldsets = (
        ("For", {"fields": TARGETS, "description": "One of the three, or none: then it is for everything."}),
        ("Price", {"fields": ("percent", "fixed", "decimals")}),
    )

    @admin.display(description="percent", ordering="percent")
    def percent_shown(self, markup: Markup) -> str:
        return f"+{markup.percent.normalize():f} %" if markup.percent >= 0 else f"{markup.percent.normalize():f} %"

    @admin.display(description="fixed", ordering="fixed")
    def fixed_shown(self, markup: Markup) -> str:
        return money(markup.fixed)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return TARGETS if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("catalog.delete_markup"))

    def save_model(self, request: HttpRequest, obj: Markup, form: MarkupForm, change: bool) -> None:
        done = set_markup(**form.terms())
        obj.pk = done.markup.pk
        obj._state.adding = False
        messages.info(request, f"{done.repriced:,} services have a new price.")

    def delete_model(self, request: HttpRequest, obj: Markup) -> None:
        self.record_deletion(request, obj)
        count = delete_markup(markup=obj)
        messages.info(request, f"{count:,} services have a new price.")

    def get_urls(self) -> list[URLPattern]:
        look = require_POST(self.preview)
        return [
            path("preview/", self.admin_site.admin_view(look), name="catalog_markup_preview"),
            path("<int:markup_id>/preview/", self.admin_site.admin_view(look), name="catalog_markup_preview_of"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, markup_id: int | None = None) -> HttpResponse:
        """What the rule in the form would do, as a part of the page, or as a page of its own without JavaScript."""
        need(request, "catalog.view_markup")
        markup = get_object_or_404(Markup, pk=markup_id) if markup_id else None
        form_class: Any = self.get_form(request, markup, change=markup is not None)
        form = form_class(request.POST, instance=markup)
        preview = preview_of(form.rule()) if form.is_valid() else None
        context = {**self.admin_site.each_context(request), "title": "Preview", "opts": self.opts}
        context |= {"form": form, "preview": preview}
        part = request.headers.get("HX-Request") == "true"
        return render(request, f"admin/catalog/markup/preview{'' if part else '_page'}.html", context)
