"""The admin's page of what providers list and we do not sell, and the way from there onto the shelf."""

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
    """A page of what is not sold, by the filters in the address; posted, the form for what was marked, or for all."""
    for permission in CHANGES["import"].permissions:
        need(request, permission)
    form = UnsoldFilterForm(request.GET)
    rows = form.found()
    problem = ""
    if request.method == "POST":
        is_all = request.POST.get("choose") == "all"
        chosen = list(rows.values_list("pk", flat=True)) if is_all else _marked(request)
        problem = _problem(request, chosen, is_all=is_all)
        if not problem:
            return start_change(request, "import", chosen=chosen)
    page: Any = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {**admin.site.each_context(request), "title": "Import services", "form": form, "page": page}
    context |= {"problem": problem, "is_filtered": any(value for key, value in request.GET.items() if key != "page")}
    return render(request, "admin/catalog/import.html", context, status=422 if problem else 200)


def _problem(request: HttpRequest, chosen: list[int], *, is_all: bool) -> str:
    """Why these are not gone on with: of all that are found, only as many as the page showed are meant."""
    if is_all and request.POST.get("shown") != str(len(chosen)):
        return _("The list changed while you looked at it: %(count)s are found now. Check it again.") % {
            "count": f"{len(chosen):,}"
        }
    return "" if chosen else _("Mark at least one service.")


def _marked(request: HttpRequest) -> list[int]:
    return [int(text) for text in request.POST.getlist("row") if text.isascii() and text.isdigit() and len(text) < 19]
