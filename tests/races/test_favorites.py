"""Stars put at the same moment: there are never more than there can be, and one service is starred once."""

from functools import partial

import pytest

from panel.customers.models import User
from providers.catalog.listing import favorites
from providers.catalog.listing.favorites import TooManyFavouritesError, set_favourite
from providers.catalog.models import Favourite
from tests.fixtures_shop import Shop
from tests.races.test_orders import RIVALS, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_last_place_is_taken_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(favorites, "MAX_FAVORITES", 2)
    ada = User.objects.create_user("ada@example.com")
    star = partial(set_favourite, customer=ada, is_favourite=True)
    star(service_id=shop.service("1").pk)
    came = at_once(*[partial(star, service_id=shop.service(number).pk) for number in ("2", "3", "4")])
    assert came.count(None) == 1
    assert sum(isinstance(one, TooManyFavouritesError) for one in came) == 2
    assert Favourite.objects.filter(customer=ada).count() == 2


def test_one_service_is_starred_once(shop: Shop) -> None:
    ada = User.objects.create_user("ada@example.com")
    star = partial(set_favourite, customer=ada, service_id=shop.service("1").pk, is_favourite=True)
    assert at_once(*[star] * RIVALS) == [None] * RIVALS
    assert Favourite.objects.get().customer == ada
