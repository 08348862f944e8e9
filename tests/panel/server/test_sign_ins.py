"""Which sign-ins and sign-ups the web server lets through to Django, and what it answers the others."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from panel.customers.sign_in import hashing
from panel.customers.sign_in.hashing import PLACE, PLACES, free_place
from panel.customers.sign_in.known_devices import SALT
from panel.server.connection import Connection, Step
from panel.server.sign_ins import SignIns
from tests.panel.customers.sign_in.test_hashing import every_place_taken
from tests.panel.server.callers import CONFIG, called

Ask = Callable[..., Connection]
LOGIN = "/accounts/login/"


@pytest.fixture
def ask() -> Iterator[Ask]:
    """A connection whose request is there whole."""
    with ExitStack() as stack:

        def one(path: str = LOGIN, *, method: str = "POST", cookies: str = "") -> Connection:
            connection = stack.enter_context(called())[0]
            head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\nContent-Length: 0\r\n\r\n"
            connection.feed(head.encode(), now=0)
            assert connection.advance(CONFIG, now=0) is Step.WHOLE
            return connection

        yield one


def device() -> str:
    """What the browser of somebody sends who has signed in before, among other cookies."""
    return f"csrf=abc; device={signing.dumps(['0123456789abcdef', ['f00dfeedf00d']], salt=SALT)}"


@pytest.fixture
def sign_ins(ask: Ask) -> Iterator[SignIns]:
    made = SignIns()
    yield made
    for conn in list(made._places):
        made.leave(conn)
    assert not hashing._taken


def test_strangers_have_all_places_but_one(sign_ins: SignIns, ask: Ask) -> None:
    asked = [ask(path) for path in (LOGIN, "/accounts/signup/", "/accounts/%6cogin/", LOGIN)]
    assert [sign_ins.admit(one) for one in asked] == [True, True, False, False]
    sign_ins.leave(asked[0])
    sign_ins.leave(asked[0])
    assert [sign_ins.admit(one) for one in asked[2:]] == [True, False]


def test_the_last_place_is_a_known_devices(sign_ins: SignIns, ask: Ask) -> None:
    assert [sign_ins.admit(ask()) for _ in range(2)] == [True, True]
    known, second = ask(cookies=device()), ask(cookies=device())
    assert not sign_ins.admit(ask(cookies=device()[:-2] + "xx"))
    assert [sign_ins.admit(known), sign_ins.admit(second)] == [True, False]
    sign_ins.leave(known)
    assert [sign_ins.admit(ask()), sign_ins.admit(second)] == [False, True]


def test_django_is_given_the_place_and_it_is_free_once_the_password_is_hashed(sign_ins: SignIns, ask: Ask) -> None:
    first, second, third = ask(), ask(), ask()
    assert sign_ins.admit(first)
    assert sign_ins.admit(second)
    free_place(sign_ins.environ(first)[PLACE])
    assert sign_ins.admit(third)
    sign_ins.leave(first)  # its place is another's by now
    assert not sign_ins.admit(ask())
    assert sign_ins.environ(first) == {}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", LOGIN), ("POST", "/api/v2"), ("POST", "/accounts/password/reset/")]
)
def test_everything_else_is_let_through_and_takes_no_place(sign_ins: SignIns, ask: Ask, method: str, path: str) -> None:
    asked = [ask(path, method=method) for _ in range(5)]
    assert [sign_ins.admit(one) for one in asked] == [True] * 5
    assert [sign_ins.environ(one) for one in asked] == [{}] * 5
    assert [sign_ins.admit(ask()) for _ in range(PLACES)] == [True, True, False]
    assert sign_ins.admit(asked[0])


@pytest.mark.parametrize("is_https", [False, True])
def test_the_refusal_is_what_django_answers(settings: Any, is_https: bool) -> None:
    if is_https:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        settings.SECURE_HSTS_SECONDS = 3600
    head, _, body = SignIns().refusal.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    with every_place_taken():
        answer = Client().post(LOGIN, headers={"X-Forwarded-Proto": "https"})
    said = dict(line.split(": ", 1) for line in lines)
    assert first == f"HTTP/1.1 {answer.status_code} Service Unavailable"
    assert body == answer.content.decode()
    assert said == {
        **{name: value for name, value in answer.items() if name != "X-Request-Id"},
        "Connection": "close",
        "Content-Length": str(len(answer.content)),
    }
    assert ("Strict-Transport-Security" in said) is is_https
    assert said["Retry-After"] == "5"
