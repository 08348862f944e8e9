"""A flood of sign-ins hashes a few passwords at a time and turns the rest away, with nothing changed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client

from panel.customers.models import User
from panel.customers.sign_in import hashing
from panel.customers.sign_in.hashing import ADMITTED, BoundedPasswordHasher
from panel.web.unavailable import UnavailableError


def test_a_hash_is_djangos_own() -> None:
    encoded = BoundedPasswordHasher().encode("correct horse battery", "salt", 10)
    assert encoded.startswith("pbkdf2_sha256$10$salt$")
    assert BoundedPasswordHasher().verify("correct horse battery", encoded)


def test_one_more_than_are_admitted_is_turned_away() -> None:
    with hashing._hashing, ThreadPoolExecutor(ADMITTED) as pool:  # as if one took long
        waiting = [pool.submit(BoundedPasswordHasher().encode, "x", "salt", 10) for _ in range(ADMITTED)]
        while hashing._admitted._value:  # type: ignore[attr-defined]
            threading.Event().wait(0.01)
        with pytest.raises(UnavailableError):
            BoundedPasswordHasher().encode("x", "salt", 10)
        hashing._hashing.release()
        assert len({one.result(10) for one in waiting}) == 1
        hashing._hashing.acquire()
    assert BoundedPasswordHasher().encode("x", "salt", 10)


@pytest.mark.django_db
def test_who_is_turned_away_is_told_to_come_back(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["panel.customers.sign_in.hashing.BoundedPasswordHasher"]
    user = User.objects.create(email="ana@example.com", password=BoundedPasswordHasher().encode("x", "salt", 10))
    for _ in range(ADMITTED):
        hashing._admitted.acquire()
    try:
        answer = Client().post("/accounts/login/", {"login": user.email, "password": "x"})
    finally:
        hashing._admitted.release(ADMITTED)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The shop is busy" in answer.content.decode()
    user.refresh_from_db()
    assert check_password("x", user.password)


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/accounts/login/", "/accounts/signup/"])
def test_while_no_place_is_free_a_form_is_turned_away_before_anything_is_done_for_it(
    page: str, django_assert_num_queries: Any
) -> None:
    assert not hashing.is_full()
    for _ in range(ADMITTED):
        hashing._admitted.acquire()
    try:
        assert hashing.is_full()
        with django_assert_num_queries(0):
            answer = Client(enforce_csrf_checks=True).post(page, {"login": "ana@example.com", "password": "x"})
        looked = Client().get(page)
    finally:
        hashing._admitted.release(ADMITTED)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "no-store")
    assert "Content-Security-Policy" in answer
    assert looked.status_code == 200
    assert Client(enforce_csrf_checks=True).post(page).status_code == 403
