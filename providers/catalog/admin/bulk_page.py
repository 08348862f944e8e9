"""The admin's page for a change of chosen services: what to do, what exactly would happen, then the click.

Used by the actions of the list of services and by the import. Every step works without JavaScript.
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
from django.utils.translation import gettext as _

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
    """One kind of change: its words, its form, who may make it, and the one call that makes it.

    `said` is what happened to one service, and to several. `apply(form, actor)` is given a valid form and says how many
    services changed; raises MarkupError. `found_by` is how the chosen numbers name services of the shelf.
    """

    title: str
    button: str
    said: tuple[str, str]
    form: type[ChosenForm]
    permissions: Sequence[str]
    apply: Callable[[Any, str], int]
    found_by: str = "pk__in"


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


CHANGES = {
    "price": BulkChange(
        title="Set a markup of their own",
        button="Set the markup",
        said=("has a new price", "have a new price"),
        form=PriceForm,
        permissions=("catalog.change_service", "catalog.add_markup", "catalog.change_markup"),
        apply=_price,
    ),
    "unprice": BulkChange(
        title="Remove their own markups",
        button="Remove the markups",
        said=("has a new price", "have a new price"),
        form=ChosenForm,
        permissions=("catalog.change_service", "catalog.delete_markup"),
        apply=_unprice,
    ),
    "move": BulkChange(
        title="Move to a category",
        button="Move them",
        said=("was moved", "were moved"),
        form=MoveForm,
        permissions=("catalog.change_service", "catalog.add_category"),
        apply=_move,
    ),
    "place": BulkChange(
        title="Move to a place in their category",
        button="Move them",
        said=("stands at a new place", "stand at a new place"),
        form=PlaceForm,
        permissions=("catalog.change_service",),
        apply=_place,
    ),
    "import": BulkChange(
        title="Import services",
        button="Import them",
        said=("was imported", "were imported"),
        form=ImportForm,
        permissions=("catalog.change_service", "catalog.add_category", "catalog.add_markup", "catalog.change_markup"),
        apply=_import,
        found_by="upstream__in",
    ),
}


def start_change(request: HttpRequest, name: str, *, chosen: Sequence[int]) -> HttpResponse:
    """The form of that change for the services `chosen` just now, or its preview where there is nothing to enter."""
    change = _allowed(request, name)
    numbers = {"chosen": ",".join(map(str, chosen))}
    if change.form is ChosenForm:
        return _preview(request, name, change.form(numbers))
    return _page(request, name, change.form(initial=numbers), count=len(chosen))


def continue_change(request: HttpRequest, name: str) -> HttpResponse:
    """What was entered: the form again, the preview, or at the confirming click the change."""
    change = _allowed(request, name)
    form = change.form(request.POST)
    is_valid = form.is_valid()
    if "edit" in request.POST or not is_valid:
        count = len(form.cleaned_data.get("chosen", ()))
        return _page(request, name, form, count=count, status=200 if is_valid else 422)
    if "confirmed" not in request.POST:
        return _preview(request, name, form)
    chosen, make = Q(**{change.found_by: form.cleaned_data["chosen"]}), partial(change.apply, form, actor_of(request))
    try:
        done = apply_change(chosen=chosen, change=make, as_previewed=request.POST.get("previewed", ""))
    except MarkupError as error:
        return _refused(request, name, form, error)
    except PreviewOutdatedError as over:
        messages.warning(request, _("Nothing was changed: services or rules changed since this preview. Look again."))
        return _page(request, name, form, count=len(form.cleaned_data["chosen"]), found=over.found, status=422)
    messages.success(request, f"{counted(done, *change.said)}.")
    return redirect("admin:catalog_service_changelist")


def _allowed(request: HttpRequest, name: str) -> BulkChange:
    """The change of that name, for whoever may make it."""
    if name not in CHANGES:
        raise Http404("There is no such change.")
    for permission in CHANGES[name].permissions:
        need(request, permission)
    return CHANGES[name]


def _preview(request: HttpRequest, name: str, form: Any) -> HttpResponse:
    change = CHANGES[name]
    if not form.is_valid():
        return _page(request, name, form, count=0, status=422)
    chosen = form.cleaned_data["chosen"]
    try:
        found = preview_change(
            chosen=Q(**{change.found_by: chosen}), change=partial(change.apply, form, actor_of(request))
        )
    except MarkupError as error:
        return _refused(request, name, form, error)
    return _page(request, name, form, count=len(chosen), found=found)


def _refused(request: HttpRequest, name: str, form: Any, error: MarkupError) -> HttpResponse:
    form.add_error(None, str(error))
    return _page(request, name, form, count=len(form.cleaned_data["chosen"]), status=422)


def told(found: ChangePreview) -> Iterator[str]:
    """What would happen, a sentence for each thing that does."""
    for count, one, many in (
        (found.created, "is new on the shelf", "are new on the shelf"),
        (found.sold, "is put on sale", "are put on sale"),
        (found.no_longer_sold, "is no longer sold", "are no longer sold"),
        (found.dearer, "becomes dearer", "become dearer"),
        (found.cheaper, "becomes cheaper", "become cheaper"),
        (found.moved, "moves to another category", "move to another category"),
        (found.placed, "stands at another place", "stand at another place"),
        (found.others, "of these was not chosen", "of these were not chosen"),
    ):
        if count:
            yield f"{counted(count, one, many)}."


def counted(count: int, one: str = "", many: str = "") -> str:
    """So many services, and what they do."""
    return f"1 service {one}".strip() if count == 1 else f"{count:,} services {many}".strip()


def _page(
    request: HttpRequest,
    name: str,
    form: ChosenForm,
    *,
    count: int,
    found: ChangePreview | None = None,
    status: int = 200,
) -> HttpResponse:
    change = CHANGES[name]
    context = {**admin.site.each_context(request), "title": change.title, "change": change, "name": name, "form": form}
    context |= {"count": counted(count), "found": found}
    if found is not None:
        context |= {"told": list(told(found)), "reached": counted(found.reached), "rows": found.rows[:MAX_ROWS_SHOWN]}
    return render(request, "admin/catalog/chosen.html", context, status=status)
