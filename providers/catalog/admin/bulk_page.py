"""The admin's page for bulk changes of services: a form, an exact preview, then the confirmation.

Used by the actions of the list of services and by the import. Works without JavaScript.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext, ngettext_lazy

from panel.lib.money import ZERO
from panel.ops.admin_forms.base import actor_of
from panel.web.access import need
from providers.catalog.admin.bulk_forms import ChosenForm, ImportForm, MoveForm, PlaceForm, PriceForm
from providers.catalog.bulk.bulk_markups import delete_markups_of, mark_up_services
from providers.catalog.bulk.importing import import_services
from providers.catalog.bulk.positions import move_services, place_together
from providers.catalog.bulk.preview import ChangePreview, PreviewOutdatedError, apply_change, preview_change
from providers.catalog.markups import MarkupError

MAX_ROWS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkChange:
    """A kind of bulk change: its texts, its form, the permissions it needs, and the call that applies it.

    `done` is the message with the count of changed services. `apply(form, actor)` takes a valid form and returns how
    many services changed; raises MarkupError. `lookup` is the field that the selected IDs belong to.
    """

    title: str | Promise
    button: str | Promise
    done: Any
    form: type[ChosenForm]
    permissions: Sequence[str]
    apply: Callable[[Any, str], int]
    lookup: str = "pk__in"


def _price(form: Any, actor: str) -> int:
    terms = {name: form.cleaned_data[name] for name in ("percent", "fixed", "decimals")}
    return mark_up_services(service_ids=form.cleaned_data["chosen"], **terms, actor=actor)


def _unprice(form: Any, actor: str) -> int:
    return delete_markups_of(service_ids=form.cleaned_data["chosen"], actor=actor)


def _move(form: Any, actor: str) -> int:
    return move_services(service_ids=form.cleaned_data["chosen"], to=form.destination(), actor=actor)


def _place(form: Any, actor: str) -> int:
    given = form.cleaned_data
    return place_together(service_ids=given["chosen"], first=given["place"], actor=actor)


def _import(form: Any, actor: str) -> int:
    given = form.cleaned_data
    return import_services(
        upstream_ids=given["chosen"],
        to=form.destination(),
        percent=given["percent"],
        fixed=given["fixed"] or ZERO,
        on_sale=given["on_sale"],
        actor=actor,
        now=timezone.now(),
    )


NEW_PRICES = ngettext_lazy("%(count)s service has a new price.", "%(count)s services have a new price.", "number")
CHANGES = {
    "price": BulkChange(
        title=_lazy("Set custom markup"),
        button=_lazy("Set markup"),
        done=NEW_PRICES,
        form=PriceForm,
        permissions=("catalog.change_service", "catalog.add_markup", "catalog.change_markup"),
        apply=_price,
    ),
    "unprice": BulkChange(
        title=_lazy("Remove custom markups"),
        button=_lazy("Remove markups"),
        done=NEW_PRICES,
        form=ChosenForm,
        permissions=("catalog.change_service", "catalog.delete_markup"),
        apply=_unprice,
    ),
    "move": BulkChange(
        title=_lazy("Move to category"),
        button=_lazy("Move services"),
        done=ngettext_lazy("%(count)s service was moved.", "%(count)s services were moved.", "number"),
        form=MoveForm,
        permissions=("catalog.change_service", "catalog.add_category"),
        apply=_move,
    ),
    "place": BulkChange(
        title=_lazy("Change position"),
        button=_lazy("Change position"),
        done=ngettext_lazy("%(count)s service was reordered.", "%(count)s services were reordered.", "number"),
        form=PlaceForm,
        permissions=("catalog.change_service",),
        apply=_place,
    ),
    "import": BulkChange(
        title=_lazy("Import services"),
        button=_lazy("Import services"),
        done=ngettext_lazy("%(count)s service was imported.", "%(count)s services were imported.", "number"),
        form=ImportForm,
        permissions=("catalog.change_service", "catalog.add_category", "catalog.add_markup", "catalog.change_markup"),
        apply=_import,
        lookup="upstream__in",
    ),
}


def start_change(request: HttpRequest, name: str, *, chosen: Sequence[int]) -> HttpResponse:
    """The form of the change for the `chosen` services, or its preview if there is nothing to enter."""
    change = _allowed(request, name)
    data = {"chosen": ",".join(map(str, chosen))}
    if change.form is ChosenForm:
        return _preview(request, name, change.form(data))
    return _page(request, name, change.form(initial=data), count=len(chosen))


def continue_change(request: HttpRequest, name: str) -> HttpResponse:
    """Handle a submitted form: show it again, show the preview, or apply the confirmed change."""
    change = _allowed(request, name)
    form = change.form(request.POST)
    is_valid = form.is_valid()
    if "edit" in request.POST or not is_valid:
        count = len(form.cleaned_data.get("chosen", ()))
        return _page(request, name, form, count=count, status=200 if is_valid else 422)
    if "confirmed" not in request.POST:
        return _preview(request, name, form)
    chosen, apply = Q(**{change.lookup: form.cleaned_data["chosen"]}), partial(change.apply, form, actor_of(request))
    try:
        count = apply_change(chosen=chosen, change=apply, as_previewed=request.POST.get("previewed", ""))
    except MarkupError as error:
        return _refused(request, name, form, error)
    except PreviewOutdatedError as outdated:
        messages.warning(
            request, _("Nothing was saved. Services or markups changed since the preview. Check the new preview.")
        )
        return _page(request, name, form, count=len(form.cleaned_data["chosen"]), preview=outdated.preview, status=422)
    messages.success(request, change.done % {"number": count, "count": f"{count:,}"})
    return redirect("admin:catalog_service_changelist")


def _allowed(request: HttpRequest, name: str) -> BulkChange:
    """The change with that name. Raises PermissionDenied without its permissions."""
    if name not in CHANGES:
        raise Http404(_("Page not found."))
    for permission in CHANGES[name].permissions:
        need(request, permission)
    return CHANGES[name]


def _preview(request: HttpRequest, name: str, form: Any) -> HttpResponse:
    change = CHANGES[name]
    if not form.is_valid():
        return _page(request, name, form, count=0, status=422)
    chosen = form.cleaned_data["chosen"]
    try:
        preview = preview_change(
            chosen=Q(**{change.lookup: chosen}), change=partial(change.apply, form, actor_of(request))
        )
    except MarkupError as error:
        return _refused(request, name, form, error)
    return _page(request, name, form, count=len(chosen), preview=preview)


def _refused(request: HttpRequest, name: str, form: Any, error: MarkupError) -> HttpResponse:
    form.add_error(None, str(error))
    return _page(request, name, form, count=len(form.cleaned_data["chosen"]), status=422)


def summary(preview: ChangePreview) -> Iterator[str]:
    """What would happen, a sentence for each kind of change."""
    for count, text in _counted(preview):
        if count:
            yield text % {"count": f"{count:,}"}


def _counted(preview: ChangePreview) -> tuple[tuple[int, str], ...]:
    return (
        (preview.created, ngettext("%(count)s new service", "%(count)s new services", preview.created)),
        (
            preview.sold,
            ngettext("%(count)s service will go on sale", "%(count)s services will go on sale", preview.sold),
        ),
        (
            preview.no_longer_sold,
            ngettext(
                "%(count)s service will no longer be on sale",
                "%(count)s services will no longer be on sale",
                preview.no_longer_sold,
            ),
        ),
        (
            preview.dearer,
            ngettext("%(count)s price will increase", "%(count)s prices will increase", preview.dearer),
        ),
        (
            preview.cheaper,
            ngettext("%(count)s price will decrease", "%(count)s prices will decrease", preview.cheaper),
        ),
        (
            preview.moved,
            ngettext(
                "%(count)s service will move to another category",
                "%(count)s services will move to another category",
                preview.moved,
            ),
        ),
        (
            preview.placed,
            ngettext("%(count)s service will be reordered", "%(count)s services will be reordered", preview.placed),
        ),
        (
            preview.others,
            ngettext("%(count)s of these was not selected", "%(count)s of these were not selected", preview.others),
        ),
    )


def _page(
    request: HttpRequest,
    name: str,
    form: ChosenForm,
    *,
    count: int,
    preview: ChangePreview | None = None,
    status: int = 200,
) -> HttpResponse:
    change = CHANGES[name]
    context = {**admin.site.each_context(request), "title": change.title, "change": change, "name": name, "form": form}
    context |= {"count": count, "preview": preview}
    if preview is not None:
        context |= {"summary": list(summary(preview)), "rows": preview.rows[:MAX_ROWS_SHOWN]}
    return render(request, "admin/catalog/chosen.html", context, status=status)
