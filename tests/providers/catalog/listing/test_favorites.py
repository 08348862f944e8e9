"""Favourites: one's own, on the price list and first in the order page's picker."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from panel.customers.models import User
from providers.catalog.listing import favorites
from providers.catalog.listing.favorites import favourite_ids
from providers.catalog.models import Favourite
from providers.catalog.publishing.staff_choices import set_enabled
from tests.fixtures_shop import Shop


@pytest.fixture
def ada(shop: Shop) -> User:
    return User.objects.create_user("ada@example.com", "correct horse battery")


@pytest.fixture
def client(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def star(client: Client, shop: Shop, external_id: str, text: str = "1", **headers: str) -> int:
    path = f"/services/{shop.service(external_id).pk}/favourite/"
    return client.post(path, {"star": text}, headers=headers).status_code


def test_a_star_is_put_and_taken_once(client: Client, shop: Shop, ada: User) -> None:
    for _ in range(2):
        assert star(client, shop, "4") == 302
    assert favourite_ids(customer=ada) == {shop.service("4").pk}
    page = client.get("/services/?favourites=1").content.decode()
    assert "TikTok Views" in page
    assert page.count('class="price-row"') == 2  # the one, and the template of rows
    for _ in range(2):
        assert star(client, shop, "4", "0", **{"HX-Request": "true"}) == 200
    assert favourite_ids(customer=ada) == set()


def test_the_drawer_says_how_it_is(client: Client, shop: Shop) -> None:
    path = f"/services/{shop.service('4').pk}/"
    assert "Add to favorites" in client.get(path).content.decode()
    star(client, shop, "4")
    assert "In favorites" in client.get(path).content.decode()
    assert "favourite" not in Client().get(path).content.decode()


def test_favourites_stand_first_where_an_order_begins(client: Client, shop: Shop) -> None:
    star(client, shop, "4")
    page = client.get("/order/").content.decode()
    assert f'id="star-{shop.service("4").pk}"' in page
    assert page.index(">Favorites<") < page.index('id="pick-')
    assert ">Favorites<" not in client.get("/order/?q=views").content.decode()


def test_nobody_elses_are_shown_or_changed(client: Client, shop: Shop, ada: User) -> None:
    eve = User.objects.create_user("eve@example.com")
    Favourite.objects.create(customer=eve, service=shop.service("4"))
    assert ">Favorites<" not in client.get("/order/").content.decode()
    star(client, shop, "4", "0")
    assert favourite_ids(customer=eve) == {shop.service("4").pk}
    assert star(Client(), shop, "1") == 302
    assert favourite_ids(customer=ada) == set()


def test_a_service_that_is_none_has_no_star(client: Client) -> None:
    assert client.post("/services/999999/favourite/", {"star": "1"}).status_code == 404
    assert not Favourite.objects.exists()


def test_what_went_off_sale_is_shown_and_can_be_removed(client: Client, shop: Shop, ada: User) -> None:
    for external_id in ("1", "4"):
        star(client, shop, external_id)
    set_enabled(service_ids=[shop.service("4").pk], is_enabled=False)
    page = client.get("/services/?favourites=1").content.decode()
    assert "Unavailable favorites" in page
    assert f"Remove {shop.service('4').name} from your favorites" in page
    assert "Unavailable favorites" not in client.get("/services/").content.decode()
    assert star(client, shop, "4") == 404
    gone = client.post(f"/services/{shop.service('4').pk}/favourite/", {"star": "0"})
    assert (gone.status_code, gone["Location"]) == (302, "/services/?favourites=1")
    assert favourite_ids(customer=ada) == {shop.service("1").pk}
    assert "Unavailable favorites" not in client.get("/services/?favourites=1").content.decode()


def test_one_more_than_there_can_be_says_why_it_is_not_kept(
    client: Client, shop: Shop, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(favorites, "MAX_FAVORITES", 2)
    for external_id in ("1", "2", "2"):
        assert star(client, shop, external_id) == 302
    said = "You have 2 favorites, which is the maximum. Remove one first."
    pk = shop.service("4").pk
    refused = client.post(f"/services/{pk}/favourite/", {"star": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert (said in refused, "Add to favorites" in refused) == (True, True)
    assert said in client.post(f"/services/{pk}/favourite/", {"star": "1"}, follow=True).content.decode()
    assert favourite_ids(customer=ada) == {shop.service("1").pk, shop.service("2").pk}


def test_the_search_of_the_favourites_knows_them(client: Client, shop: Shop) -> None:
    star(client, shop, "4")
    page = client.get("/services/?favourites=1").content.decode()
    assert f'data-only="{shop.service("4").pk}"' in page
    assert '<input type="hidden" name="favourites" value="1">' in page
    page = client.get("/services/").content.decode()
    assert "data-only" not in page
    assert 'name="favourites"' not in page


def test_a_page_costs_one_query_more(
    client: Client, shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for external_id in ("1", "4"):
        star(client, shop, external_id)
    with django_assert_num_queries(4):
        Client().get("/services/")
    with django_assert_num_queries(1):  # kept as it was rendered, until the shelf changes
        Client().get("/services/")
    with django_assert_num_queries(8):  # with the session, the person, the terms, and the balance in the top bar
        client.get("/services/?q=views")


def test_what_is_kept_goes_with_the_shelf(shop: Shop) -> None:
    link = f'href="/services/{shop.service("4").pk}/"'
    before = Client().get("/services/").content.decode()
    set_enabled(service_ids=[shop.service("4").pk], is_enabled=False)
    after = Client().get("/services/").content.decode()
    assert (link in before, link in after) == (True, False)
