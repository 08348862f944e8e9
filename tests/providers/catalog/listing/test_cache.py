"""What is kept of the shelf: built once for each variant, of so many variants, until the shelf changes."""

from providers.catalog.listing.cache import MAX_VARIANTS, CatalogCache
from providers.catalog.publishing.publish import bump_catalog_version
from tests.fixtures_shop import Shop


def test_each_variant_is_built_once_until_the_shelf_changes(shop: Shop) -> None:
    kept: CatalogCache[str] = CatalogCache()
    assert [kept.get(name, lambda name=name: f"{name}1") for name in "aab"] == ["a1", "a1", "b1"]
    assert kept.get("a", lambda: "a2") == "a1"
    bump_catalog_version()
    assert [kept.get("a", lambda: "a3"), kept.get("b", lambda: "b3")] == ["a3", "b3"]


def test_of_too_many_variants_the_oldest_is_built_again(shop: Shop) -> None:
    kept: CatalogCache[int] = CatalogCache()
    for number in range(MAX_VARIANTS + 1):
        kept.get(str(number), lambda number=number: number)
    assert kept.get("1", lambda: -1) == 1
    assert kept.get("0", lambda: -1) == -1
