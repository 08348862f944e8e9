"""The admin's pages for the order of the categories, and of the services in one: a number each, and two buttons."""

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

from panel.ops.admin_forms.base import actor_of
from panel.web.access import need
from providers.catalog.bulk.positions import PlacesChangedError, place_categories, place_services
from providers.catalog.models import Category

PAGE_SIZE = 50
TYPED = re.compile(r"place-([0-9]{1,18})-([0-9]{1,9})")
MOVED = re.compile(r"([0-9]{1,18})-([0-9]{1,9})-([0-9]{1,9})")
MAX_PLACE = 9
NAMED = 5
"""So many of the rows that somebody else moved are told by name."""


def arrange_services(request: HttpRequest, category_id: int) -> HttpResponse:
    """The services of a category in their order, also those that are not sold."""
    need(request, "catalog.change_service")
    category = get_object_or_404(Category, pk=category_id)
    rows = category.services.order_by("position", "pk")
    back = reverse("admin:catalog_category_change", args=[category.pk])
    return _page(request, rows, place_services, title=f"Order of “{category}”", back=back, what="services")


def arrange_categories(request: HttpRequest) -> HttpResponse:
    """All categories in their order."""
    need(request, "catalog.change_category")
    rows = Category.objects.order_by("position", "name")
    back = reverse("admin:catalog_category_changelist")
    return _page(request, rows, place_categories, title="Order of the categories", back=back, what="categories")


def _page(
    request: HttpRequest, rows: QuerySet[Any], place: Callable[..., int], *, title: str, back: str, what: str
) -> HttpResponse:
    if request.method == "POST":
        _save(request, rows, place, what)
        return redirect(request.get_full_path())
    page: Any = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {**admin.site.each_context(request), "title": title, "page": page, "back": back, "what": what}
    context["rows"] = [(place, row) for place, row in enumerate(page, start=page.start_index())]
    return render(request, "admin/catalog/arrange.html", context)


def _save(request: HttpRequest, rows: QuerySet[Any], place: Callable[..., int], what: str) -> None:
    wanted = _wanted(request)
    seen, places = ({pk: pair[n] for pk, pair in wanted.items()} for n in (0, 1))
    try:
        count = place(places=places, seen=seen, actor=actor_of(request))
    except PlacesChangedError as error:
        names = ", ".join(f"“{row.name}”" for row in rows.filter(pk__in=error.moved)[:NAMED])
        said = _("Somebody else moved %(names)s meanwhile. Nothing was saved: this is the order now.")
        messages.error(request, said % {"names": names})
        return
    messages.success(request, f"Saved: {count:,} {what} have a new number." if count else "All stand as before.")


def _wanted(request: HttpRequest) -> dict[int, tuple[int, int]]:
    """The place shown, and the one asked for: by a row's button, else every number that is not the one shown."""
    if button := MOVED.fullmatch(request.POST.get("move", "")):
        return {int(button[1]): (int(button[2]), int(button[3]))}
    typed = ((TYPED.fullmatch(name), str(text).strip()) for name, text in request.POST.items())
    return {
        int(name[1]): (int(name[2]), int(text))
        for name, text in typed
        if name and text.isascii() and text.isdigit() and len(text) <= MAX_PLACE and text != name[2]
    }
