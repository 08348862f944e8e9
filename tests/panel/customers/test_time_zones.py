"""A time zone that this machine does not know is not written, and where it is kept already it breaks no page."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from panel.customers.models import User
from tests.admin_forms import save
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db


def test_a_zone_that_is_unknown_here_breaks_no_page(store: Store) -> None:
    order = store.place()
    User.objects.filter(pk=store.customer.pk).update(time_zone="Berlin")
    client = Client()
    client.force_login(store.customer)
    for path in ("/", "/orders/", f"/orders/{order.pk}/", "/order/", "/updates/", "/wallet/", "/account/"):
        answer = client.get(path, follow=True)
        assert (path, answer.status_code) == (path, 200)
        assert 'data-time-zone="UTC"' in answer.content.decode()
    owner = Client()
    owner.force_login(User.objects.create_superuser("owner@example.com"))
    assert owner.get(f"/admin/customers/user/{store.customer.pk}/change/").status_code == 200


def test_staff_cannot_write_a_zone_that_is_unknown_here(store: Store) -> None:
    owner = Client()
    owner.force_login(User.objects.create_superuser("owner@example.com"))
    ada = store.customer
    page = f"/admin/customers/user/{ada.pk}/change/"
    answer = save(owner, page, {"name": "New", "time_zone": "Berlin", "is_active": "on"})
    assert answer.status_code == 200
    assert "Select a valid choice." in answer.content.decode()
    ada.refresh_from_db()
    assert (ada.name, ada.time_zone) == ("", "")
    with pytest.raises(ValidationError):
        User(email="x@example.com", password="x", time_zone="Berlin").full_clean()
