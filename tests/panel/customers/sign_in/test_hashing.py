"""A flood of sign-ins hashes a few passwords at a time and turns the rest away, with nothing changed."""

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from panel.customers.models import User
from panel.customers.sign_in import hashing
from panel.customers.sign_in.hashing import (
    FOR_ANYBODY,
    NICER,
    PLACE,
    PLACES,
    BoundedPasswordHasher,
    HashingPlaceMiddleware,
    free_place,
    take_place,
)
from panel.web.unavailable import UnavailableError

PAGES = ["/accounts/login/", "/accounts/signup/"]


@contextmanager
def taken(number: int) -> Iterator[None]:
    """While so many places are taken."""
    places = [take_place(is_known=True) for _ in range(number)]
    assert None not in places
    try:
        yield
    finally:
        for place in places:
            assert place is not None
            free_place(place)


def every_place_taken() -> Any:
    return taken(PLACES)


def test_a_hash_is_djangos_own() -> None:
    encoded = BoundedPasswordHasher().encode("correct horse battery", "salt", 10)
    assert encoded.startswith("pbkdf2_sha256$10$salt$")
    assert BoundedPasswordHasher().verify("correct horse battery", encoded)
    assert encoded == PBKDF2PasswordHasher().encode("correct horse battery", "salt", 10)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux alone")
def test_hashing_gives_way_to_the_rest_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def priority(*_: Any) -> str:
        return str(os.getpriority(os.PRIO_PROCESS, 0))

    before = int(priority())
    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", priority)
    assert BoundedPasswordHasher().encode("x", "salt", 10) == str(min(before + NICER, 19))
    assert int(priority()) == before
    assert NICER == 10


def test_where_priorities_are_forbidden_passwords_are_hashed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any) -> None:
        raise PermissionError

    wanted = BoundedPasswordHasher().encode("x", "salt", 10)
    monkeypatch.setattr(os, "setpriority", forbidden)
    assert BoundedPasswordHasher().encode("x", "salt", 10) == wanted


def test_one_more_than_there_are_places_is_turned_away() -> None:
    with hashing._hashing, ThreadPoolExecutor(PLACES) as pool:  # as if one took long
        waiting = [pool.submit(BoundedPasswordHasher().encode, "x", "salt", 10) for _ in range(PLACES)]
        while len(hashing._taken) < PLACES:
            threading.Event().wait(0.01)
        with pytest.raises(UnavailableError):
            BoundedPasswordHasher().encode("x", "salt", 10)
        hashing._hashing.release()
        assert len({one.result(10) for one in waiting}) == 1
        hashing._hashing.acquire()
    assert BoundedPasswordHasher().encode("x", "salt", 10)
    assert not hashing._taken


def test_the_last_place_is_for_who_is_known() -> None:
    with taken(FOR_ANYBODY):
        assert take_place(is_known=False) is None
        assert BoundedPasswordHasher().encode("x", "salt", 10)  # as of who is signed in and confirms a grave step
        known = take_place(is_known=True)
        assert known is not None
        assert take_place(is_known=True) is None
        free_place(known)
        free_place(known)
        assert take_place(is_known=False) is None
    assert (PLACES, FOR_ANYBODY, len(hashing._taken)) == (3, 2, 0)


@pytest.mark.parametrize("is_given", [False, True])
def test_a_place_is_free_once_the_password_is_hashed(is_given: bool) -> None:
    """The mail that a sign-up waits for afterwards holds up no other sign-in."""
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(len(hashing._taken))
        for _ in range(2):
            BoundedPasswordHasher().encode("x", "salt", 10)
            seen.append(len(hashing._taken))
        return HttpResponse()

    given = {PLACE: take_place(is_known=False)} if is_given else {}
    assert HashingPlaceMiddleware(view)(RequestFactory().post(PAGES[1], **given)).status_code == 200  # type: ignore[arg-type]
    assert seen == [1, 0, 0]


@pytest.mark.parametrize("is_known", [False, True])
def test_a_second_password_of_a_request_takes_no_better_place_than_the_first(is_known: bool) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        BoundedPasswordHasher().encode("x", "salt", 10)
        with taken(FOR_ANYBODY):
            BoundedPasswordHasher().encode("x", "salt", 10)
        return HttpResponse()

    middleware = HashingPlaceMiddleware(view)
    request = RequestFactory().post(PAGES[1], **{PLACE: take_place(is_known=is_known)})  # type: ignore[arg-type]
    if is_known:
        assert middleware(request).status_code == 200
    else:
        with pytest.raises(UnavailableError):
            middleware(request)
    assert not hashing._taken
    assert hashing._own.get() is None


def test_a_prefix_hides_no_form() -> None:
    with every_place_taken():
        request = RequestFactory().post(PAGES[0], SCRIPT_NAME="/elsewhere")
        assert HashingPlaceMiddleware(lambda _: HttpResponse())(request).status_code == 503


def test_a_form_that_fails_leaves_its_place() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise ValueError("unforeseen")

    with pytest.raises(ValueError, match="unforeseen"):
        HashingPlaceMiddleware(view)(RequestFactory().post(PAGES[0]))
    assert not hashing._taken
    assert hashing._own.get() is None


@pytest.mark.django_db
def test_a_device_that_signed_in_before_has_the_last_place(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["panel.customers.sign_in.hashing.BoundedPasswordHasher"]
    password = BoundedPasswordHasher().encode("x", "salt", 10)
    user = User.objects.create(email="ana@example.com", password=password)
    known, form = Client(), {"login": user.email, "password": "x"}
    assert known.post(PAGES[0], form).status_code == 302
    known.post("/accounts/logout/")
    with taken(FOR_ANYBODY):
        assert Client().post(PAGES[0], form).status_code == 503
        assert known.post(PAGES[0], form).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_while_no_place_is_free_a_form_is_turned_away_before_anything_is_done_for_it(
    page: str, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.PASSWORD_HASHERS = ["panel.customers.sign_in.hashing.BoundedPasswordHasher"]
    user = User.objects.create(email="ana@example.com", password=BoundedPasswordHasher().encode("x", "salt", 10))
    with taken(FOR_ANYBODY):
        with django_assert_num_queries(0):
            answer = Client(enforce_csrf_checks=True).post(page, {"login": user.email, "password": "x"})
        looked = Client().get(page)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "no-store")
    assert "The site is busy" in answer.content.decode()
    assert "Content-Security-Policy" in answer
    assert looked.status_code == 200
    assert Client(enforce_csrf_checks=True).post(page).status_code == 403
    assert User.objects.count() == 1
    user.refresh_from_db()
    assert check_password("x", user.password)
