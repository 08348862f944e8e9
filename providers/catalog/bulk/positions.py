"""Moves services between categories, and sorts services and categories. Called by the admin."""

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
"""A category, the name of one that may be new, or None for the provider's category."""


def move_services(*, service_ids: Sequence[int], to: Destination, actor: str) -> int:
    """Move these services to the end of a category, in their order; returns how many moved.

    A category that staff set is kept from then on. The markups of the new category apply. If none of the services
    exists, nothing is written.
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
    """Write the category of these services, in the caller's transaction; the caller updates the catalog.

    Returns the category if it is new, else None.
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
    """Place these services one after the other from position `first` of their category; returns how many moved."""
    category_of = _categories_of(service_ids)
    next_place = dict.fromkeys(category_of.values(), first)
    places = {}
    for pk in service_ids:
        if pk in category_of:
            places[pk] = next_place[category_of[pk]]
            next_place[category_of[pk]] += 1
    return place_services(places=places, actor=actor)


class PlacesChangedError(Exception):
    """Some rows, in `moved`, are no longer where the person saw them; nothing was moved."""

    def __init__(self, moved: Sequence[int]) -> None:
        super().__init__(moved)
        self.moved = moved


def place_services(*, places: Mapping[int, int], actor: str, seen: Mapping[int, int] | None = None) -> int:
    """Put each of these services at the given position in its category, from 1; returns how many moved.

    Raises PlacesChangedError if one is no longer where it was `seen`.
    """
    with transaction.atomic():
        lock_catalog()
        categories = Service.objects.filter(pk__in=places).values("category")
        rows = Service.objects.filter(category__in=categories).order_by("category", "position", "pk")
        found = groupby(rows.values_list("category", "pk", "position"), key=lambda row: row[0])
        changes = [change for _, group in found for change in _renumbered([row[1:] for row in group], places, seen)]
        return _place(Service, changes, places, actor)


def place_categories(*, places: Mapping[int, int], actor: str, seen: Mapping[int, int] | None = None) -> int:
    """Put each of these categories at the given position, from 1; returns how many moved.

    Raises PlacesChangedError as for services.
    """
    with transaction.atomic():
        lock_catalog()
        rows = list(Category.objects.order_by("position", "name").values_list("pk", "position"))
        return _place(Category, _renumbered(rows, places, seen), places, actor)


def reordered(order: Sequence[int], targets: Mapping[int, int]) -> list[int]:
    """`order` with each of `targets` at its position; of two for one position, the later one comes second."""
    result, known, index = [pk for pk in order if pk not in targets], set(order), -1
    for pk, place in sorted(targets.items(), key=lambda item: item[1]):
        if pk in known:
            index = max(place - 1, index + 1)
            result.insert(index, pk)
    return result


def _renumbered(
    rows: Sequence[tuple[int, int]], places: Mapping[int, int], seen: Mapping[int, int] | None
) -> list[tuple[int, int]]:
    """The new positions of the rows that move; none if the order stays."""
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
    """The category with that name, in any case, and whether it is new; a new one comes last."""
    last = Category.objects.aggregate(last=Max("position"))["last"] or 0
    known = Category.objects.filter(name=name).first() or Category.objects.filter(name__iexact=name).first()
    return (known, False) if known else (Category.objects.create(name=name, position=last + 1), True)


def _categories_of(service_ids: Sequence[int]) -> dict[int, int]:
    return dict(Service.objects.filter(pk__in=service_ids).values_list("pk", "category_id"))
