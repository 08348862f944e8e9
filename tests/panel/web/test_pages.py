"""The public front page, the sign-in pages and the error pages."""

import re

import pytest
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.views.csrf import csrf_failure
from django.views.defaults import bad_request, server_error

from panel.customers.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.panel.web.pages")]


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana@example.com", "a-long-pass-1", name="Ana", time_zone="Asia/Tokyo")


def test_front_page_names_services_and_platforms(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "4,812 services for Instagram, TikTok and more." in text
    assert text.count("<h1") == 1
    assert text.count('class="btn btn-primary') == 1
    assert 'href="/accounts/signup/"' in text
    assert "default-src 'self'" in page["Content-Security-Policy"].split("; ")


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/accounts/login/", "Sign in"),
        ("/accounts/signup/", "Create an account"),
        ("/accounts/password/reset/", "Reset your password"),
        ("/accounts/password/reset/done/", "Check your email"),
        ("/accounts/password/reset/key/1-wrong/", "This link is no longer valid"),
        ("/accounts/password/reset/key/done/", "Password saved"),
        ("/accounts/confirm-email/", "Check your email"),
        ("/accounts/confirm-email/wrong/", "This link is no longer valid"),
        ("/accounts/inactive/", "This account is disabled"),
    ],
)
def test_sign_in_pages_have_the_card_layout(client: Client, path: str, heading: str) -> None:
    text = client.get(path).content.decode()
    assert f"<h1>{heading}</h1>" in text
    assert 'class="entrance-card"' in text


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/account/", "Account"),
        ("/accounts/email/", "Email addresses"),
        ("/accounts/password/change/", "Change password"),
        ("/accounts/2fa/", "Two-factor authentication"),
        ("/accounts/logout/", "Sign out"),
    ],
)
def test_account_pages_have_their_heading(client: Client, ana: User, path: str, heading: str) -> None:
    client.force_login(ana)
    assert f"<h1>{heading}</h1>" in client.get(path).content.decode()


def test_signing_up_makes_a_user_and_leads_home(client: Client) -> None:
    answer = client.post("/accounts/signup/", {"email": "Bo@Example.com", "password1": "a-long-pass-1"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    user = User.objects.get()
    assert user.email == "bo@example.com"
    assert user.check_password("a-long-pass-1")


def test_a_short_password_signs_nobody_up(client: Client) -> None:
    page = client.post("/accounts/signup/", {"email": "bo@example.com", "password1": "short"}).content.decode()
    assert 'aria-describedby="id_password1_help id_password1_error"' in page
    assert not User.objects.exists()


def test_sidebar_shows_the_pages_that_exist(client: Client, ana: User) -> None:
    client.force_login(ana)
    text = client.get("/orders/").content.decode()
    assert '<a class="sidebar-link" href="/orders/" aria-current="page" data-shortcut="g o">' in text
    assert 'data-time-zone="Asia/Tokyo"' in text
    assert '<span class="money" title="10.500000 USD">$10.50</span></a>' in text
    assert "/staff/" not in text


def test_staff_see_their_pages_and_only_those_that_exist(client: Client, ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(is_staff=True, is_superuser=True)
    client.force_login(ana)
    text = client.get("/staff/").content.decode()
    assert '<a class="sidebar-link" href="/staff/" aria-current="page">' in text
    assert 'href="/admin/"' in text
    assert "Doubtful" not in text


def test_somebody_without_a_session_gets_the_shell_without_the_sidebar(client: Client) -> None:
    text = client.get("/services/").content.decode()
    assert 'class="shell shell-public"' in text
    assert 'class="sidebar"' not in text
    assert 'href="/accounts/signup/"' in text


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/nowhere/", 404, "Page not found"),
        ("/forbidden/", 403, "You don't have access to this page"),
        ("/senseless/", 400, "Something is wrong with this request"),
        ("/broken/", 500, "Something went wrong on our end"),
    ],
)
def test_error_page_says_what_happened(client: Client, path: str, status: int, heading: str) -> None:
    client.raise_request_exception = False
    answer = client.get(path)
    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in answer.content.decode()


def test_expired_page_says_so() -> None:
    answer = csrf_failure(RequestFactory().post("/"), reason="Token missing")
    assert answer.status_code == 403
    assert b"<h1>This page has expired</h1>" in answer.content


@pytest.mark.parametrize("view", [server_error, bad_request])
def test_plain_error_pages_need_no_query(view: object, django_assert_num_queries: object) -> None:
    request = RequestFactory().get("/")
    with django_assert_num_queries(0):  # type: ignore[operator]
        answer = view(request) if view is server_error else bad_request(request, None)  # type: ignore[operator]
    assert b"<h1>" in answer.content


@pytest.mark.parametrize("name", ["500.html", "400.html"])
def test_plain_error_pages_need_no_context(name: str) -> None:
    template = get_template(name).template  # type: ignore[attr-defined]
    assert set(re.findall(r"{% (\w+)", template.source)) == {"load", "translate"}
    assert "{{" not in template.source
