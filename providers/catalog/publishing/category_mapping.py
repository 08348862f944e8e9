"""Maps a provider's headings to our categories. Called whenever the catalog is updated from providers' lists.

A category keeps all headings that were ever mapped to it, so it stays the same when staff or a provider rename it: if
most of its services come under one new heading, that becomes a heading of the category too.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import Count, Max, QuerySet

from providers.catalog.models import Category, CategoryHeading, Service
from providers.catalog.publishing.derived_fields import GONE, Row, heading


class Headings(NamedTuple):
    """The categories by heading. `is_renamed`: one of them has a new name."""

    categories: dict[str, int]
    is_renamed: bool


def categories_of(rows: Sequence[Row], *, is_sync: bool) -> Headings:
    """Our category for the heading of each row whose category is not kept; new categories are created in order.

    Headings that differ only in case mean one category. In a sync, a new heading may be a new name of a category.
    """
    following = [row for row in rows if not row["service__keeps_category"]]
    headings = dict.fromkeys(heading(row) for row in following)
    texts = dict(CategoryHeading.objects.values_list("text", "category"))
    found = _known(headings, texts)
    is_renamed = False
    if unknown := [text for text in headings if text not in found]:
        renamed = _renamed([row for row in following if heading(row) in set(unknown)]) if is_sync else {}
        is_renamed = _follow_names(renamed)
        found |= renamed
        found |= _create_categories([text for text in unknown if text not in renamed])
    CategoryHeading.objects.bulk_create(
        [CategoryHeading(text=text, category_id=found[text]) for text in headings if text not in texts],
        ignore_conflicts=True,
    )
    return Headings(found, is_renamed)


def case_duplicates() -> list[list[str]]:
    """The names of categories that differ only in case; earlier versions created such categories."""
    by_name: dict[str, list[str]] = {}
    for name in Category.objects.order_by("position", "name").values_list("name", flat=True):
        by_name.setdefault(name.casefold(), []).append(name)
    return [names for names in by_name.values() if len(names) > 1]


def _known(headings: Iterable[str], texts: dict[str, int]) -> dict[str, int]:
    """Categories by a known heading, else by our name; exact matches first, then in any case."""
    names = {name: pk for pk, name in Category.objects.order_by("-pk").values_list("pk", "name")}
    words = names | texts
    folded = {word.casefold(): pk for word, pk in words.items()}
    found = {text: words.get(text, folded.get(text.casefold())) for text in headings}
    return {text: pk for text, pk in found.items() if pk is not None}


def _renamed(rows: Sequence[Row]) -> dict[str, int]:
    """The new headings that most services of a category are now listed under, with that category."""
    moved = Counter(
        (heading(row), row["service__category_id"]) for row in rows if row["service__pk"] and row["missing"] < GONE
    )
    services = _following({category for _, category in moved}).values_list("category").annotate(Count("pk"))
    totals = dict(services.order_by())
    renamed: dict[str, int] = {}
    for (text, category), count in moved.most_common():
        if count * 2 > totals[category]:
            renamed.setdefault(text, category)
    return renamed


def _follow_names(renamed: dict[str, int]) -> bool:
    """Rename categories that carry their only provider's name for it. Returns whether there were any."""
    category_ids = renamed.values()
    providers = _following(category_ids).values_list("category").annotate(Count("provider", distinct=True))
    only = {pk for pk, count in providers.order_by() if count == 1}
    is_changed = False
    for text, pk in renamed.items():
        is_theirs = CategoryHeading.objects.filter(category=pk, text__in=Category.objects.filter(pk=pk).values("name"))
        if pk in only and is_theirs.exists():
            Category.objects.filter(pk=pk).update(name=text)
            is_changed = True
    return is_changed


def _following(category_ids: Iterable[int]) -> QuerySet[Service]:
    """The services that are in these categories because a provider lists them there."""
    return Service.objects.filter(category__in=category_ids, keeps_category=False, upstream__missing__lt=GONE)


def _create_categories(headings: Iterable[str]) -> dict[str, int]:
    """Create a category for each of these headings, after all others; headings that differ only in case share one."""
    last = Category.objects.aggregate(last=Max("position"))["last"] or 0
    made: dict[str, Category] = {}
    for text in headings:
        made.setdefault(text.casefold(), Category(name=text, position=last + len(made) + 1))
    Category.objects.bulk_create(list(made.values()), ignore_conflicts=True)
    ids = dict(
        Category.objects.filter(name__in=[category.name for category in made.values()]).values_list("name", "pk")
    )
    return {text: ids[made[text.casefold()].name] for text in headings}
