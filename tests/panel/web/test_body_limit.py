"""The longest body that each address takes from whom, and that a longer one is refused before it is read."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from panel.customers.models import User
from panel.wallet.deposits.pictures import MAX_FORM_BYTES, MAX_PICTURE_BYTES
from panel.wallet.models import PaymentMethod, TopUp
from panel.web import body_limit
from panel.web.body_limit import longest_body_of

pytestmark = pytest.mark.django_db
GENERAL = 1536 * 1024
TOP_UP = "/wallet/top-up/"
MULTIPART = 'multipart/form-data; boundary="frontier"'


class Unread:
    """A body that nobody may read."""

    def read(self, *args: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = read


@pytest.fixture
def customer() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ada@example.com", "correct horse battery"))
    return client


def announce(client: Client, path: str, length: int, *, kind: str = MULTIPART) -> Any:
    """The answer to a POST that says it has so long a body, which nobody may read."""
    said = {"CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind, "wsgi.input": Unread()}
    return client.post(path, **said)  # type: ignore[arg-type]


def test_the_general_limit() -> None:
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == GENERAL


@pytest.mark.parametrize("kind", [MULTIPART, "application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_the_api_refuses_a_long_body_as_json(client: Client, kind: str) -> None:
    answer = announce(client, "/api/v2", GENERAL + 1, kind=kind)
    assert (answer.status_code, answer.json()) == (413, {"error": "This request is too large"})


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/", "/nothing/here/", "/admin/login/"])
def test_pages_refuse_a_long_body(client: Client, path: str) -> None:
    answer = announce(client, path, GENERAL + 1)
    assert answer.status_code == 413
    assert b"The upload is too large" in answer.content
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"


def test_an_upload_is_refused_of_who_is_not_signed_in(client: Client) -> None:
    client.cookies["session"] = "made-up-by-somebody"
    assert announce(client, TOP_UP, GENERAL + 1).status_code == 413


def test_an_upload_has_its_own_limit(customer: Client) -> None:
    answer = announce(customer, TOP_UP, MAX_FORM_BYTES + 1)
    assert (answer.status_code, TopUp.objects.count()) == (413, 0)
    assert b"Images can be up to 5 MB" in answer.content
    assert announce(customer, "/wallet/", GENERAL + 1).status_code == 413


def test_the_largest_picture_is_taken_from_who_is_signed_in(customer: Client, tmp_path: Any, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    bank = PaymentMethod.objects.create(name="Bank", instructions="Pay here.", gateway="manual")
    picture = tmp_path / "proof.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(MAX_PICTURE_BYTES - 8))
    fields = {"method": bank.pk, "amount": "5", "reference": "17", "token": "0" * 32}
    with picture.open("rb") as file:
        assert customer.post(TOP_UP, {**fields, "picture": file}).status_code == 302
    assert TopUp.objects.get().picture.size == MAX_PICTURE_BYTES


@pytest.mark.parametrize("length", ["", "0", "many", "-5", "+9999999", "9999999.0"])
def test_a_length_that_is_none_is_left_to_others(client: Client, length: str) -> None:
    assert client.get("/healthz/web", CONTENT_LENGTH=length).status_code == 200


def test_a_length_of_more_digits_than_python_reads_is_too_long(client: Client) -> None:
    assert client.get("/healthz/web", CONTENT_LENGTH="9" * 5000).status_code == 413
    assert client.get("/healthz/web", CONTENT_LENGTH="0" * 5000 + "9").status_code == 200


def test_the_server_is_told_the_same_from_the_head_alone(customer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(body_limit, "close_old_connections", lambda: closed.append(True))
    factory = RequestFactory()
    cookie = customer.cookies["session"].value
    for path, cookies, most in [
        (TOP_UP, f"session={cookie}", MAX_FORM_BYTES),
        (TOP_UP, "session=made-up", GENERAL),
        (TOP_UP, "", GENERAL),
        ("/wallet/", f"session={cookie}", GENERAL),
        ("/api/v2", f"session={cookie}", GENERAL),
        ("/nothing/here/", f"session={cookie}", GENERAL),
    ]:
        environ = factory.post(path, HTTP_COOKIE=cookies).environ | {"wsgi.input": Unread()}
        assert longest_body_of(environ) == most, (path, cookies)
        assert len(closed) == 2, "as before and after every request"
        closed.clear()
