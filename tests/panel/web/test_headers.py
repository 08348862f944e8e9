"""What every kind of answer says to the browser, and how cookies are named and marked."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from panel.customers.models import User
from panel.overload import BUSY

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
KINDS = {
    "a page": ("/services/", 200),
    "a page of the account": ("/account/", 200),
    "a page of the staff": ("/staff/", 200),
    "the admin": ("/admin/", 200),
    "the API": ("/api/v2", 405),
    "OpenAPI": ("/api/openapi.json", 200),
    "a watcher's": ("/healthz/web", 200),
    "an error": ("/nothing/here/", 404),
    "a refused method": ("/account/sign-out-elsewhere/", 405),
    "a static file": ("/static/panel/panel.css", 200),
}
AS_HTTPS = """
import django
django.setup()
from django.conf import settings
from panel.web.message_cookie import MessageCookie
print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, MessageCookie.cookie_name)
print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)
print(settings.SESSION_COOKIE_HTTPONLY, settings.CSRF_COOKIE_HTTPONLY)
print(settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_SAMESITE, settings.SESSION_COOKIE_DOMAIN)
print(settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.DEBUG)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_has_them(kind: str, settings: Any, tmp_path: Path) -> None:
    path, status = KINDS[kind]
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True  # the files as they are in the tree
    settings.STATIC_ROOT = str(tmp_path)
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    answer = client.get(path)
    assert answer.status_code == status
    policy = answer["Content-Security-Policy"].split("; ")
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "default-src 'self'"} <= set(policy)
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    allowed = dict(one.split("=") for one in answer["Permissions-Policy"].split(", "))
    assert {name for name, who in allowed.items() if who != "()"} == {"clipboard-write"}
    assert {"camera", "microphone", "geolocation", "payment", "usb"} <= set(allowed)
    assert "charset" in answer["Content-Type"] or answer["Content-Type"] == "application/json"
    assert "Access-Control-Allow-Origin" not in answer or kind == "a static file"
    assert ("no-store" in answer["Cache-Control"]) is (kind not in {"a static file"})


def test_a_refusal_under_load_has_them_too() -> None:
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in BUSY
    assert b"frame-ancestors 'none'\r\n" in BUSY


def test_tracing_gives_nothing_back() -> None:
    answer = Client().trace("/", HTTP_X_SECRET="told-to-nobody")
    assert "told-to-nobody" not in answer.content.decode()


def test_under_https_every_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    environment = {**os.environ, "SITE_URL": "https://panel.example.com", "HSTS_SECONDS": "31536000"}
    environment |= {"HSTS_SUBDOMAINS": "on", "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "panel.settings"}
    done = subprocess.run([sys.executable, "-c", AS_HTTPS], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "__Host-session __Host-csrf __Host-messages",
        "True True",
        "True True",
        "Lax Lax None",
        "31536000 True False",
    ], done.stderr


@pytest.mark.parametrize(
    ("site", "seconds", "found"),
    [
        ("https://panel.example.com", None, "31536000 False"),
        ("https://panel.example.com", "0", "0 False"),
        ("https://panel.example.com", "3600", "3600 False"),
        ("http://127.0.0.1:8000", None, "0 False"),
    ],
)
def test_browsers_are_kept_to_https_for_a_year_unless_set(
    tmp_path: Path, site: str, seconds: str | None, found: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HSTS")}
    environment |= {"SITE_URL": site, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "panel.settings"}
    environment |= {"HSTS_SECONDS": seconds} if seconds is not None else {}
    done = subprocess.run([sys.executable, "-c", AS_HTTPS], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == f"{found} False", done.stderr


def test_https_answers_carry_the_year(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    assert Client().get("/healthz/web", secure=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in Client().get("/healthz/web")


def test_the_cookies_that_are_set_are_these() -> None:
    user = User.objects.create_user("ana@example.com", "correct horse battery")
    client = Client()
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": user.email, "password": "correct horse battery"})
    client.post("/account/", {"name": "Ana", "time_zone": ""})
    assert set(client.cookies) == {"csrf", "session", "messages", "device"}
    for cookie in client.cookies.values():
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
