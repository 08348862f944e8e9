"""A request that could not be read is answered in words."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client

from panel.customers.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


def test_too_many_fields_are_told(owner: Client) -> None:
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    ada = User.objects.create_user("ada@example.com")
    given = {"action": "switch_off", "_selected_action": [str(ada.pk)] * most}
    answer = owner.post("/admin/customers/user/", given)
    text = answer.content.decode()
    assert answer.status_code == 400
    assert "This form has too many fields" in text
    assert "Nothing was changed. Go back and submit fewer rows at a time." in text
    assert User.objects.get(pk=ada.pk).is_active


def test_the_largest_form_of_the_staff_fits(owner: Client) -> None:
    """The permissions of a role, each of which is a field."""
    assert Permission.objects.count() * 2 < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


def test_another_bad_request_has_the_ordinary_page(owner: Client) -> None:
    answer = owner.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "Something is wrong with this request" in answer.content.decode()
