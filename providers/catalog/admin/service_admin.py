"""Categories and services in the admin. What sync and the markups write is read-only here."""

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
                _("These categories differ in upper and lower case only: %(names)s. Move their services into one.")
                % {"names": ", ".join(f"“{name}”" for name in names)},
            )
        return super().changelist_view(request, *args, **kwargs)

    @admin.display(description=_lazy("providers' names for it"))
    def headings_shown(self, category: Category) -> str:
        """Services that are listed under these stand here, whatever the category is called."""
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
    """Where a refused order of the service goes next."""

    model = Backup
    form = BackupForm
    autocomplete_fields = ("upstream",)
    verbose_name_plural = "backup suppliers, asked in this order when an order is refused"


@admin.register(Service)
class ServiceAdmin(RecordAdmin):
    form = ServiceForm
    paginator = Paginator  # all are counted, so that all can be chosen for what is done to many
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
    search_help_text = "Our number, the provider's number, or words of the name or category"
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
            "Availability",
            {"fields": ("is_enabled", "allow_below_cost", "is_available", "unavailable_reason", "review_reason")},
        ),
        ("Price", {"fields": ("own_rate", "cost_shown", "rate_shown", "margin")}),
        ("Limits", {"fields": ("own_min", "own_max", "limits_shown")}),
        ("After the sale", {"fields": ("refill_days",)}),
        (
            "From the provider",
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

    @admin.display(description="cost", ordering="cost")
    def cost_shown(self, service: Service) -> str:
        return money(service.cost)

    @admin.display(description="rate", ordering="rate")
    def rate_shown(self, service: Service) -> str:
        return money(service.rate)

    @admin.display(description="margin")
    def margin(self, service: Service) -> str:
        margin = margin_percent(cost=service.cost, rate=service.rate)
        text = "–" if margin is None else f"{margin:.1f} %"
        return format_html('<span class="state tone-amber">{} low</span>', text) if service.has_low_margin else text

    @admin.display(description="as it is sold")
    def limits_shown(self, service: Service) -> str:
        return f"{service.min:,} to {service.max:,}"

    @admin.display(description="its limits")
    def provider_limits(self, service: Service) -> str:
        return f"{service.upstream.min:,} to {service.upstream.max:,}"

    @admin.display(description="review_reason")
    def review_reason(self, service: Service) -> str:
        return service.upstream.get_review_reason_display() or "none"

    @admin.display(description="listed as")
    def listed_as(self, service: Service) -> str:
        return str(service.upstream)

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        chosen = {name: form.cleaned_data[name] for name in form.changed_data}
        if chosen:
            choose_for_service(service=obj, chosen=chosen)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("import/", guard(import_page), name="catalog_service_import"),
            path("chosen/<slug:name>/", guard(require_POST(continue_change)), name="catalog_service_chosen"),
            *super().get_urls(),
        ]

    @admin.action(description="Set a markup of their own…", permissions=["change"])
    def price(self, request: HttpRequest, services: QuerySet[Service]) -> HttpResponse:
        return _begin(request, "price", services)

    @admin.action(description="Remove their own markups…", permissions=["change"])
    def unprice(self, request: HttpRequest, services: QuerySet[Service]) -> HttpResponse:
        return _begin(request, "unprice", services)

    @admin.action(description="Move to a category…", permissions=["change"])
    def move(self, request: HttpRequest, services: QuerySet[Service]) -> HttpResponse:
        return _begin(request, "move", services)

    @admin.action(description="Move to a place in their category…", permissions=["change"])
    def place(self, request: HttpRequest, services: QuerySet[Service]) -> HttpResponse:
        return _begin(request, "place", services)

    @admin.action(description="Put on sale", permissions=["change"])
    def enable(self, request: HttpRequest, services: QuerySet[Service]) -> None:
        self._switch(request, services, is_enabled=True)

    @admin.action(description="Take off sale", permissions=["change"])
    def disable(self, request: HttpRequest, services: QuerySet[Service]) -> None:
        self._switch(request, services, is_enabled=False)

    @admin.action(description="Confirm doubtful prices and meanings", permissions=["change"])
    def confirm(self, request: HttpRequest, services: QuerySet[Service]) -> None:
        ids = list(services.values_list("pk", flat=True))
        seen_at = read_seen_at(request)
        count = confirm_services(service_ids=ids, actor=actor_of(request), now=timezone.now(), seen_at=seen_at)
        messages.success(request, f"{count:,} were in doubt and are as the provider lists them now.")
        _tell_left(request, UpstreamService.objects.filter(service__pk__in=ids).exclude(review_reason="").count())

    def _switch(self, request: HttpRequest, services: QuerySet[Service], *, is_enabled: bool) -> None:
        ids = list(services.values_list("pk", flat=True))
        seen_at = read_seen_at(request) if is_enabled else None
        with transaction.atomic():
            changed = set_enabled(service_ids=ids, is_enabled=is_enabled, seen_at=seen_at)
            if changed:
                self._note(request, "service.enable" if is_enabled else "service.disable", changed)
        messages.success(request, _switched(ids, len(changed), is_enabled=is_enabled))
        if is_enabled:
            _tell_left(request, Service.objects.filter(pk__in=ids, is_enabled=False).count())

    def _note(self, request: HttpRequest, action: str, ids: list[int]) -> None:
        detail = {"services": ids[:1000], "count": len(ids)}
        audit.record(actor=actor_of(request), action=action, target="services", detail=detail)


def _switched(ids: list[int], count: int, *, is_enabled: bool) -> str:
    """How many services were switched, and of those that were chosen how many still cannot be bought."""
    if not is_enabled:
        return ngettext("%(count)s service was taken off sale.", "%(count)s services were taken off sale.", count) % {
            "count": f"{count:,}"
        }
    done = ngettext("%(count)s service was switched on.", "%(count)s services were switched on.", count)
    unsold = Service.objects.filter(pk__in=ids, is_available=False).count()
    left = ngettext(
        "%(unsold)s of the chosen is not for sale yet: the list says why.",
        "%(unsold)s of the chosen are not for sale yet: the list says why.",
        unsold,
    )
    return f"{done} {left if unsold else ''}".strip() % {"count": f"{count:,}", "unsold": f"{unsold:,}"}


def _tell_left(request: HttpRequest, count: int) -> None:
    """Of the chosen services, those that were left as they are, since they are not what the person saw."""
    if count:
        said = ngettext(
            "%(count)s service changed since you opened the list and was left as it is. Look at it again.",
            "%(count)s services changed since you opened the list and were left as they are. Look at them again.",
            count,
        )
        messages.warning(request, said % {"count": f"{count:,}"})


def _begin(request: HttpRequest, name: str, services: QuerySet[Service]) -> HttpResponse:
    """For the chosen services in the shop's order, whatever the list was sorted by."""
    in_order = services.order_by("category__position", "category__name", "position", "pk")
    return start_change(request, name, chosen=list(in_order.values_list("pk", flat=True)))
