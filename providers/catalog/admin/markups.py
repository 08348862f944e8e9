"""Markups in the admin, with a preview of their prices. Loaded by providers/catalog/admin/__init__.py."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
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
    """Markups. Saving one reprices the services in the same transaction."""

    form = MarkupForm
    list_display = ("target", "percent_shown", "fixed_shown", "decimals")
    list_select_related = ("provider", "category", "service")
    search_fields = ("provider__name", "category__name", "service__name")
    autocomplete_fields = ("provider", "category", "service")
    fieldsets = (
        (
            _lazy("Applies to"),
            {"fields": TARGETS, "description": _lazy("Choose one, or none to apply the markup to all services.")},
        ),
        (_lazy("Price"), {"fields": ("percent", "fixed", "decimals")}),
    )

    @admin.display(description=_lazy("applies to"))
    def target(self, markup: Markup) -> str:
        return markup.reach

    @admin.display(description=_lazy("percent"), ordering="percent")
    def percent_shown(self, markup: Markup) -> str:
        return f"{markup.percent.normalize():+f}%"

    @admin.display(description=_lazy("fixed amount"), ordering="fixed")
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
        messages.info(request, _new_prices(done.repriced))

    def delete_model(self, request: HttpRequest, obj: Markup) -> None:
        self.record_deletion(request, obj)
        count = delete_markup(markup=obj)
        messages.info(request, _new_prices(count))

    def get_urls(self) -> list[URLPattern]:
        view = require_POST(self.preview)
        return [
            path("preview/", self.admin_site.admin_view(view), name="catalog_markup_preview"),
            path("<int:markup_id>/preview/", self.admin_site.admin_view(view), name="catalog_markup_preview_of"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, markup_id: int | None = None) -> HttpResponse:
        """The prices with the entered markup, as a part of the page, or as a page without JavaScript."""
        need(
            request, "catalog.change_markup" if markup_id else "catalog.view_markup"
        )  # without it the form has no fields
        markup = get_object_or_404(Markup, pk=markup_id) if markup_id else None
        form_class: Any = self.get_form(request, markup, change=markup is not None)
        form = form_class(request.POST, instance=markup)
        preview = preview_of(form.rule()) if form.is_valid() else None
        context = {**self.admin_site.each_context(request), "title": _("Preview"), "opts": self.opts}
        context |= {"form": form, "preview": preview}
        part = request.headers.get("HX-Request") == "true"
        return render(request, f"admin/catalog/markup/preview{'' if part else '_page'}.html", context)


def _new_prices(count: int) -> str:
    text = ngettext("%(count)s service has a new price.", "%(count)s services have a new price.", count)
    return text % {"count": f"{count:,}"}
