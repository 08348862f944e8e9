"""Email addresses are ASCII: a look-alike letter makes no second address, and no other person's."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.test import Client

from panel.customers.emails import ascii_email
from panel.customers.models import User


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Ana@Example.COM ", "ana@example.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@gооgle.com", "ana@xn--ggle-55da.com"),  # two Cyrillic letters
    ],
)
def test_a_domain_is_kept_in_its_ascii_form(given: str, kept: str) -> None:
    assert ascii_email(given) == kept


@pytest.mark.parametrize(
    "given", ["ſtaff@example.com", "аna@example.com", "ana@exa\u2028mple..com", "émile@example.com"]
)
def test_other_letters_are_refused(given: str) -> None:
    with pytest.raises(ValidationError) as problem:
        ascii_email(given)
    assert problem.value.messages == ["Enter an email address without accents or letters of other alphabets."]


@pytest.mark.django_db
def test_nobody_signs_up_as_a_look_alike() -> None:
    User.objects.create_user("staff@example.com", "correct horse battery")
    answer = Client().post("/accounts/signup/", {"email": "ſtaff@example.com", "password1": "tall green ladder"})
    assert (answer.status_code, User.objects.count()) == (200, 1)
    Client().post("/accounts/signup/", {"email": "ana@bücher.example", "password1": "tall green ladder"})
    assert User.objects.latest("pk").email == "ana@xn--bcher-kva.example"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("ana@bücher.example", 302),
        (" Ana@BÜCHER.example", 302),
        ("ana@xn--bcher-kva.example", 302),
        ("änä@x.example", 200),
    ],
)
def test_who_signed_up_with_an_international_domain_signs_in_by_typing_the_same(typed: str, status: int) -> None:
    Client().post("/accounts/signup/", {"email": "ana@bücher.example", "password1": "tall green ladder"})
    answer = Client().post("/accounts/login/", {"login": typed, "password": "tall green ladder"})
    assert answer.status_code == status


@pytest.mark.django_db
def test_an_international_domain_that_was_kept_as_it_was_typed_before_still_signs_in() -> None:
    user = User(email="ana@bücher.example")
    user.set_password("tall green ladder")
    User.objects.bulk_create([user])
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    answer = Client().post("/accounts/login/", {"login": "Ana@Bücher.example", "password": "tall green ladder"})
    assert answer.status_code == 302
