"""The admin's pages to sort the categories and the services of a category: a position and two buttons each."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from panel.ops.admin_forms.base import actor_of
from panel.web.access import need
from providers.catalog.bulk.positions import PlacesChangedError, place_categories, place_services
from providers.catalog.models import Category

PAGE_SIZE = 50
TYPED = re.compile(r"place-([0-9]{1,18})-([0-9]{1,9})")
MOVED = re.compile(r"([0-9]{1,18})-([0-9]{1,9})-([0-9]{1,9})")
MAX_DIGITS = 9
MAX_NAMES = 5
"""Names of rows that the message about a conflict shows."""


def arrange_services(request: HttpRequest, category_id: int) -> HttpResponse:
    """Sort the services of a category, also those that are not on sale."""
    need(request, "catalog.change_service")
    category = get_object_or_404(Category, pk=category_id)
    rows = category.services.order_by("position", "pk")
    back = reverse("admin:catalog_category_change", args=[category.pk])
    return _page(
        request,
        rows,
        place_services,
        title=_("Sort “%(category)s”") % {"category": category},
        back=back,
        what="services",
    )


def arrange_categories(request: HttpRequest) -> HttpResponse:
    """Sort all categories."""
    need(request, "catalog.change_category")
    rows = Category.objects.order_by("position", "name")
    back = reverse("admin:catalog_category_changelist")
    return _page(request, rows, place_categories, title=_("Sort categories"), back=back, what="categories")


def _page(
    request: HttpRequest, rows: QuerySet[Any], place: Callable[..., int], *, title: str, back: str, what: str
) -> HttpResponse:
    if request.method == "POST":
        _save(request, rows, place)
        return redirect(request.get_full_path())
    page: Any = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {**admin.site.each_context(request), "title": title, "page": page, "back": back, "what": what}
    context["rows"] = [(place, row) for place, row in enumerate(page, start=page.start_index())]
    return render(request, "admin/catalog/arrange.html", context)


def _save(request: HttpRequest, rows: QuerySet[Any], place: Callable[..., int]) -> None:
    requested = _requested(request)
    seen, places = ({pk: pair[n] for pk, pair in requested.items()} for n in (0, 1))
    try:
        count = place(places=places, seen=seen, actor=actor_of(request))
    except PlacesChangedError as error:
        names = ", ".join(f"“{row.name}”" for row in rows.filter(pk__in=error.moved)[:MAX_NAMES])
        text = _("Nothing was saved. Somebody else moved %(names)s. This is the current order.")
        messages.error(request, text % {"names": names})
        return
    text = ngettext("Order saved. %(count)s position changed.", "Order saved. %(count)s positions changed.", count)
    messages.success(request, text % {"count": f"{count:,}"} if count else _("The order did not change."))


def _requested(request: HttpRequest) -> dict[int, tuple[int, int]]:
    """The shown and the requested position of each row to move: of the pressed button, else of all changed numbers."""
    if button := MOVED.fullmatch(request.POST.get("move", "")):
        return {int(button[1]): (int(button[2]), int(button[3]))}
    typed = ((TYPED.fullmatch(name), str(text).strip()) for name, text in request.POST.items())
    return {
        int(name[1]): (int(name[2]), int(text))
        for name, text in typed
        if name and text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and text != name[2]
    }
