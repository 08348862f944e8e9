"""Categories and services in the admin. Fields that the sync and the markups write are read-only."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from panel.ops import audit
from panel.ops.admin_forms.base import RecordAdmin, RecordInline, actor_of
from panel.web.templatetags.panel import money
from panel.web.text_input import read_seen_at
from providers.catalog.admin.bulk_page import continue_change, start_change
from providers.catalog.admin.forms import BackupForm, ServiceForm
from providers.catalog.admin.import_page import import_page
from providers.catalog.admin.positions import arrange_categories, arrange_services
from providers.catalog.models import Backup, Category, Service
from providers.catalog.pricing.rates import margin_percent
from providers.catalog.publishing.category_mapping import case_duplicates
from providers.catalog.publishing.publish import lock_catalog
from providers.catalog.publishing.staff_choices import choose_for_service, save_category, set_enabled
from providers.catalog.review.pending_review import confirm_services
from providers.models import UpstreamService


@admin.register(Category)
class CategoryAdmin(RecordAdmin):
    list_display = ("name", "headings_shown", "position")
    search_fields = ("name", "headings__text")
    fields = ("name", "position", "headings_shown")
    readonly_fields = ("headings_shown",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        found: QuerySet[Category] = super().get_queryset(request).prefetch_related("headings")
        return found

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        for names in case_duplicates() if request.method == "GET" else ():
            messages.warning(
                request,
                _("These categories differ only in case: %(names)s. Move their services into one of them.")
                % {"names": ", ".join(f"“{name}”" for name in names)},
            )
        return super().changelist_view(request, *args, **kwargs)

    @admin.display(description=_lazy("provider categories"))
    def headings_shown(self, category: Category) -> str:
        """The provider categories whose services belong to this category."""
        return ", ".join(heading.text for heading in category.headings.all()) or "–"

    def lock_row(self, pk: Any) -> None:
        lock_catalog()

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        save_category(category=obj, changed=form.changed_data)

    def get_urls(self) -> list[URLPattern]:
        order, inside = self.admin_site.admin_view(arrange_categories), self.admin_site.admin_view(arrange_services)
        return [
            path("arrange/", order, name="catalog_category_arrange"),
            path("<int:category_id>/arrange/", inside, name="catalog_category_arrange_services"),
            *super().get_urls(),
        ]


class BackupInline(RecordInline):
    """The suppliers that a rejected order is sent to next."""

    model = Backup
    form = BackupForm
    autocomplete_fields = ("upstream",)
    verbose_name_plural = _lazy("backup suppliers, tried in this order if an order is rejected")


@admin.register(Service)
class ServiceAdmin(RecordAdmin):
    form = ServiceForm
    paginator = Paginator  # counts all rows, so that all can be selected for a bulk action
    list_display = (
        "id", "name", "cost_shown", "rate_shown", "margin", "is_enabled", "is_available", "category", "provider",
        "unavailable_reason",
    )  # fmt: skip
    list_display_links = ("id", "name")
    list_select_related = ("category", "provider")
    list_filter = (
        "is_enabled",
        "is_available",
        "has_low_margin",
        ("upstream__review_reason", admin.AllValuesFieldListFilter),
        ("provider", admin.RelatedOnlyFieldListFilter),
        "type",
        "keeps_name",
        "move_waits",
        ("own_rate", admin.EmptyFieldListFilter),
        "allow_below_cost",
    )
    search_fields = ("=id", "name", "=upstream__external_id", "category__name")
    search_help_text = _lazy("Search by service ID, provider's ID, name or category")
    autocomplete_fields = ("category",)
    inlines = (BackupInline,)
    actions = ("enable", "disable", "price", "unprice", "move", "place", "confirm")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name", "keeps_name", "description", "keeps_description", "category", "keeps_category", "position",
                )
            },
        ),
        (
            _lazy("Availability"),
            {"fields": ("is_enabled", "allow_below_cost", "is_available", "unavailable_reason", "review_reason")},
        ),
        (_lazy("Price"), {"fields": ("own_rate", "cost_shown", "rate_shown", "margin")}),
        (_lazy("Limits"), {"fields": ("own_min", "own_max", "limits_shown")}),
        (_lazy("Refills"), {"fields": ("refill_days",)}),
        (
            _lazy("Provider"),
            {
                "fields": (
                    "provider", "listed_as", "provider_limits", "type", "refill", "cancel", "dripfeed", "average_time",
                )
            },
        ),
    )  # fmt: skip

    def lock_row(self, pk: Any) -> None:
        lock_catalog()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(str(name) for name in flatten_fieldsets(self.fieldsets) if name not in ServiceForm.Meta.fields)

    @admin.display(description=_lazy("cost"), ordering="cost")
    def cost_shown(self, service: Service) -> str:
        return money(service.cost)

    @admin.display(description=_lazy("rate"), ordering="rate")
    def rate_shown(self, service: Service) -> str:
        return money(service.rate)

    @admin.display(description=_lazy("margin"))
    def margin(self, service: Service) -> str:
        margin = margin_percent(cost=service.cost, rate=service.rate)
        if margin is None:
            return "–"
        if not service.has_low_margin:
            return f"{margin:.1f}%"
        text = _("%(percent)s%% (low)") % {"percent": f"{margin:.1f}"}
        return format_html('<span class="state tone-amber">{}</span>', text)

    @admin.display(description=_lazy("effective limits"))
    def limits_shown(self, service: Service) -> str:
        return f"{service.min:,} – {service.max:,}"

    @admin.display(description=_lazy("provider limits"))
    def provider_limits(self, service: Service) -> str:
        return f"{service.upstream.min:,} – {service.upstream.max:,}"

    @admin.display(description=_lazy("needs review"))
    def review_reason(self, service: Service) -> str:
        return service.upstream.get_review_reason_display() or _("No")

    @admin.display(description=_lazy("provider listing"))
    def listed_as(self, service: Service) -> str:
        return str(service.upstream)

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        chosen = {name: form.cleaned_data[name] for name in form.changed_data}
        if chosen:
            choose_for_service(service=obj, chosen=chosen)

    def get_urls(self) -> list[URLPattern]:
        admin_view = self.admin_site.admin_view
        return [
            path("import/", admin_view(import_page), name="catalog_service_import"),
            path("chosen/<slug:name>/", admin_view(require_POST(continue_change)), name="catalog_service_chosen"),
            *super().get_urls(),
        ]

    @admin.action(description=_lazy("Set custom markup…"), permissions=["change"])
    def price(self, request: HttpRequest, services: QuerySet[Service]) -> HttpResponse:
        return _begin(request, "price", services)

    @admin.action(description=_lazy("Remove custom markups…"), permissions=["change"])
    def unprice(self, request: HttpRequest, services: QuerySet[Service]) -> HttpResponse:
        return _begin(request, "unprice", services)

    @admin.action(description=_lazy("Move to category…"), permissions=["change"])
    def move(self, request: HttpRequest, services: QuerySet[Service]) -> HttpResponse:
        return _begin(request, "move", services)

    @admin.action(description=_lazy("Change position…"), permissions=["change"])
    def place(self, request: HttpRequest, services: QuerySet[Service]) -> HttpResponse:
        return _begin(request, "place", services)

    @admin.action(description=_lazy("Enable"), permissions=["change"])
    def enable(self, request: HttpRequest, services: QuerySet[Service]) -> None:
        self._switch(request, services, is_enabled=True)

    @admin.action(description=_lazy("Disable"), permissions=["change"])
    def disable(self, request: HttpRequest, services: QuerySet[Service]) -> None:
        self._switch(request, services, is_enabled=False)

    @admin.action(description=_lazy("Accept changes that need review"), permissions=["change"])
    def confirm(self, request: HttpRequest, services: QuerySet[Service]) -> None:
        ids = list(services.values_list("pk", flat=True))
        seen_at = read_seen_at(request)
        count = confirm_services(service_ids=ids, actor=actor_of(request), now=timezone.now(), seen_at=seen_at)
        text = ngettext("%(count)s service was accepted.", "%(count)s services were accepted.", count)
        messages.success(request, text % {"count": f"{count:,}"})
        _warn_about_skipped(
            request, UpstreamService.objects.filter(service__pk__in=ids).exclude(review_reason="").count()
        )

    def _switch(self, request: HttpRequest, services: QuerySet[Service], *, is_enabled: bool) -> None:
        ids = list(services.values_list("pk", flat=True))
        seen_at = read_seen_at(request) if is_enabled else None
        with transaction.atomic():
            changed = set_enabled(service_ids=ids, is_enabled=is_enabled, seen_at=seen_at)
            if changed:
                self._audit(request, "service.enable" if is_enabled else "service.disable", changed)
        messages.success(request, _switched(ids, len(changed), is_enabled=is_enabled))
        if is_enabled:
            _warn_about_skipped(request, Service.objects.filter(pk__in=ids, is_enabled=False).count())

    def _audit(self, request: HttpRequest, action: str, ids: list[int]) -> None:
        detail = {"services": ids[:1000], "count": len(ids)}
        audit.record(actor=actor_of(request), action=action, target="services", detail=detail)


def _switched(ids: list[int], count: int, *, is_enabled: bool) -> str:
    """The message with how many services were enabled or disabled, and how many are still unavailable."""
    if not is_enabled:
        return ngettext("%(count)s service was disabled.", "%(count)s services were disabled.", count) % {
            "count": f"{count:,}"
        }
    done = ngettext("%(count)s service was enabled.", "%(count)s services were enabled.", count)
    unsold = Service.objects.filter(pk__in=ids, is_available=False).count()
    left = ngettext(
        "%(unsold)s selected service is still unavailable. The list shows why.",
        "%(unsold)s selected services are still unavailable. The list shows why.",
        unsold,
    )
    return f"{done} {left if unsold else ''}".strip() % {"count": f"{count:,}", "unsold": f"{unsold:,}"}


def _warn_about_skipped(request: HttpRequest, count: int) -> None:
    """Warn about selected services that were skipped because they changed after the person saw them."""
    if count:
        text = ngettext(
            "%(count)s service was skipped because it changed since you opened the list. Check it again.",
            "%(count)s services were skipped because they changed since you opened the list. Check them again.",
            count,
        )
        messages.warning(request, text % {"count": f"{count:,}"})


def _begin(request: HttpRequest, name: str, services: QuerySet[Service]) -> HttpResponse:
    """Start a bulk change of the selected services, in the shop's order."""
    in_order = services.order_by("category__position", "category__name", "position", "pk")
    return start_change(request, name, chosen=list(in_order.values_list("pk", flat=True)))
