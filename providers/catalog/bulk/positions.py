"""Where services and categories stand in the shop: in which category, and at which place. Called by the admin."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from panel.lib.database.bulk import update_rows
from panel.ops import audit
from providers.catalog.bulk.bulk_markups import MAX_AUDITED, audited
from providers.catalog.models import Category, Service
from providers.catalog.publishing.derived_fields import CategoryMoves
from providers.catalog.publishing.publish import bump_catalog_version, lock_catalog, publish
from providers.models import Provider, UpstreamService

ROWS_PER_STATEMENT = 500

Positioned = type[Service] | type[Category]
Destination = Category | str | None
"""A category, the name of one that may be new, or None for whatever the provider calls it."""


def move_services(*, service_ids: Sequence[int], to: Destination, actor: str) -> int:
    """Move these services, behind what stands there, in the order they have; how many were elsewhere.

    A category of ours is kept from then on. Rules for categories price them anew. Where none of the services exists,
    nothing is written.
    """
    with transaction.atomic():
        lock_catalog()
        was = _categories_of(service_ids)
        if not was:
            return 0
        assign_category(service_ids=service_ids, to=to)
        rows = UpstreamService.objects.filter(service__pk__in=service_ids)
        publish(rows, from_providers=Provider.objects.all(), now=timezone.now(), moves=CategoryMoves.APPLY)
        now = _categories_of(service_ids)
        moved = sum(now[pk] != category for pk, category in was.items())
        bump_catalog_version()
        detail = {**audited(service_ids), "to": "" if to is None else str(to), "moved": moved}
        audit.record(actor=actor, action="service.move", target="services", detail=detail)
    return moved


def assign_category(*, service_ids: Sequence[int], to: Destination) -> Category | None:
    """Write the category of these services, in the caller's transaction; the caller has the shelf follow.

    The category that was made for it, if it was.
    """
    services = Service.objects.filter(pk__in=service_ids)
    if to is None:
        services.update(keeps_category=False)
        return None
    category, is_new = (to, False) if isinstance(to, Category) else _category_named(to)
    order = list(services.exclude(category=category).values_list("pk", flat=True))
    last = category.services.aggregate(last=Max("position"))["last"] or 0
    services.update(category=category, keeps_category=True)
    _write_places(Service, [(pk, place) for place, pk in enumerate(order, start=last + 1)])
    return category if is_new else None


def place_together(*, service_ids: Sequence[int], first: int, actor: str) -> int:
    """Put these behind each other from the place `first` of their own category on; how many stand elsewhere then."""
    category_of = _categories_of(service_ids)
    next_place = dict.fromkeys(category_of.values(), first)
    places = {}
    for pk in service_ids:
        if pk in category_of:
            places[pk] = next_place[category_of[pk]]
            next_place[category_of[pk]] += 1
    return place_services(places=places, actor=actor)


class PlacesChangedError(Exception):
    """Some of the rows do not stand where the person saw them any more; nothing was moved. `moved` names them."""

    def __init__(self, moved: Sequence[int]) -> None:
        super().__init__(moved)
        self.moved = moved


def place_services(*, places: Mapping[int, int], actor: str, seen: Mapping[int, int] | None = None) -> int:
    """Put each of these services at that place in its category, counted from 1; how many stand elsewhere then.

    Raises PlacesChangedError where one does not stand any more where it was `seen`.
    """
    with transaction.atomic():
        lock_catalog()
        categories = Service.objects.filter(pk__in=places).values("category")
        rows = Service.objects.filter(category__in=categories).order_by("category", "position", "pk")
        found = groupby(rows.values_list("category", "pk", "position"), key=lambda row: row[0])
        changes = [change for _, group in found for change in _renumbered([row[1:] for row in group], places, seen)]
        return _place(Service, changes, places, actor)


def place_categories(*, places: Mapping[int, int], actor: str, seen: Mapping[int, int] | None = None) -> int:
    """Put each of these categories at that place, counted from 1; how many have another position then.

    Raises PlacesChangedError as for services.
    """
    with transaction.atomic():
        lock_catalog()
        rows = list(Category.objects.order_by("position", "name").values_list("pk", "position"))
        return _place(Category, _renumbered(rows, places, seen), places, actor)


def reordered(order: Sequence[int], wanted: Mapping[int, int]) -> list[int]:
    """`order` with each of `wanted` at its place; of two for one place the later named stands behind."""
    found, there, at = [pk for pk in order if pk not in wanted], set(order), -1
    for pk, place in sorted(wanted.items(), key=lambda item: item[1]):
        if pk in there:
            at = max(place - 1, at + 1)
            found.insert(at, pk)
    return found


def _renumbered(
    rows: Sequence[tuple[int, int]], places: Mapping[int, int], seen: Mapping[int, int] | None
) -> list[tuple[int, int]]:
    """The new positions, where they differ; none where the order stays."""
    order = [pk for pk, _ in rows]
    now = {pk: place for place, pk in enumerate(order, start=1)}
    if moved := [pk for pk, place in (seen or {}).items() if now.get(pk, place) != place]:
        raise PlacesChangedError(moved)
    after = reordered(order, places)
    if after == order:
        return []
    was = dict(rows)
    return [(pk, place) for place, pk in enumerate(after, start=1) if was[pk] != place]


def _place(model: Positioned, rows: Sequence[tuple[int, int]], places: Mapping[int, int], actor: str) -> int:
    if rows:
        _write_places(model, rows)
        bump_catalog_version()
        detail = {"places": dict(list(places.items())[:MAX_AUDITED]), "count": len(places), "renumbered": len(rows)}
        audit.record(actor=actor, action=f"{model._meta.model_name}.place", target="shelf", detail=detail)
    return len(rows)


def _write_places(model: Positioned, rows: Sequence[tuple[int, int]]) -> None:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        update_rows(model, rows[start : start + ROWS_PER_STATEMENT], fields=["position"], guard=[])


def _category_named(name: str) -> tuple[Category, bool]:
    """The category of that name, in any case, and whether it was made; a new one stands last."""
    last = Category.objects.aggregate(last=Max("position"))["last"] or 0
    known = Category.objects.filter(name=name).first() or Category.objects.filter(name__iexact=name).first()
    return (known, False) if known else (Category.objects.create(name=name, position=last + 1), True)


def _categories_of(service_ids: Sequence[int]) -> dict[int, int]:
    return dict(Service.objects.filter(pk__in=service_ids).values_list("pk", "category_id"))
