"""Pricing rules in the admin, with a preview of what one would do. Loaded by admin.py."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from panel.ops.admin_forms.base import RecordAdmin
from panel.web.access import need
from panel.web.templatetags.panel import money
from providers.catalog.admin.forms import TARGETS, MarkupForm, preview_of
from providers.catalog.markups import delete_markup, set_markup
from providers.catalog.models import Markup
from providers.catalog.publishing.publish import lock_catalog


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

    def lock_row(self, pk: Any) -> None:
        lock_catalog()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return TARGETS if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("catalog.delete_markup"))

    def save_model(self, request: HttpRequest, obj: Markup, form: Any, change: bool) -> None:
        if change and not form.changed_data:
            return
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
        need(request, "catalog.change_markup" if markup_id else "catalog.view_markup")  # else its form has no fields
        markup = get_object_or_404(Markup, pk=markup_id) if markup_id else None
        form_class: Any = self.get_form(request, markup, change=markup is not None)
        form = form_class(request.POST, instance=markup)
        preview = preview_of(form.rule()) if form.is_valid() else None
        context = {**self.admin_site.each_context(request), "title": "Preview", "opts": self.opts}
        context |= {"form": form, "preview": preview}
        part = request.headers.get("HX-Request") == "true"
        return render(request, f"admin/catalog/markup/preview{'' if part else '_page'}.html", context)
