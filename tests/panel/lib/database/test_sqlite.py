"""Lookups that ignore case do so for all letters, on SQLite as on PostgreSQL."""

import pytest
from django.db.models import F, Value

from providers.catalog.models import Category

NAMES = ("Подписчики ГАРАНТИЯ 30", "Élite", "Größe", "100% real_ones")


@pytest.fixture(autouse=True)
def categories(db: None) -> None:
    Category.objects.bulk_create(Category(name=name) for name in NAMES)


@pytest.mark.parametrize(
    ("lookup", "text", "found"),
    [
        ("icontains", "гарантия", [NAMES[0]]),
        ("icontains", "ПОДПИСЧИКИ", [NAMES[0]]),
        ("icontains", "élite", [NAMES[1]]),
        ("icontains", "ÉLITE", [NAMES[1]]),
        ("icontains", "GRÖ", [NAMES[2]]),
        ("icontains", "elite", []),
        ("iexact", "ÉLITE", [NAMES[1]]),
        ("iexact", "élit", []),
        ("istartswith", "подпис", [NAMES[0]]),
        ("istartswith", "гарантия", []),
        ("iendswith", "ITE", [NAMES[1]]),
        ("icontains", "100% REAL_", [NAMES[3]]),
        ("icontains", "%", [NAMES[3]]),
        ("icontains", "_", [NAMES[3]]),
        ("icontains", "\\", []),
    ],
)
def test_case_is_ignored_for_all_letters(lookup: str, text: str, found: list[str]) -> None:
    assert list(Category.objects.filter(**{f"name__{lookup}": text}).values_list("name", flat=True)) == found


def test_a_column_can_be_looked_for_in_a_text() -> None:
    told = Category.objects.annotate(text=Value("ÉLITE likes"))
    assert list(told.filter(text__istartswith=F("name")).values_list("name", flat=True)) == ["Élite"]


def test_numbers_and_nothing_are_looked_into_as_well() -> None:
    pk = Category.objects.get(name="Élite").pk
    assert Category.objects.filter(pk__icontains=str(pk)).filter(name="Élite").exists()
    assert not Category.objects.filter(markup__percent__icontains="1").exists()
