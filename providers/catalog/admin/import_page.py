"""The admin's page to import services that providers list and the shop does not sell."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from panel.web.access import need
from providers.catalog.admin.bulk_forms import UnsoldFilterForm
from providers.catalog.admin.bulk_page import CHANGES, start_change

PAGE_SIZE = 100


@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """A page of services that are not sold, by the filters in the URL; on POST, the import form for the selection."""
    for permission in CHANGES["import"].permissions:
        need(request, permission)
    form = UnsoldFilterForm(request.GET)
    rows = form.results()
    problem = ""
    if request.method == "POST":
        is_all = request.POST.get("choose") == "all"
        chosen = list(rows.values_list("pk", flat=True)) if is_all else _selected(request)
        problem = _problem(request, chosen, is_all=is_all)
        if not problem:
            return start_change(request, "import", chosen=chosen)
    page: Any = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {**admin.site.each_context(request), "title": _("Import services"), "form": form, "page": page}
    context |= {"problem": problem, "is_filtered": any(value for key, value in request.GET.items() if key != "page")}
    return render(request, "admin/catalog/import.html", context, status=422 if problem else 200)


def _problem(request: HttpRequest, chosen: list[int], *, is_all: bool) -> str:
    """Why the selection cannot be imported: "all" means only as many services as the page showed."""
    if is_all and request.POST.get("shown") != str(len(chosen)):
        return _("The list changed: %(count)s services match now. Check it again.") % {"count": f"{len(chosen):,}"}
    return "" if chosen else _("Select at least one service.")


def _selected(request: HttpRequest) -> list[int]:
    return [int(text) for text in request.POST.getlist("row") if text.isascii() and text.isdigit() and len(text) < 19]
