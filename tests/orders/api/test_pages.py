"""The API's page: keys shown once and ended by their owner alone; a console that only reads; examples that run."""

import html
import json
import re
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from orders.models import Order
from panel.customers.keys import authenticate_key, issue_key
from panel.customers.models import ApiKey, User
from tests.fixtures_orders import Store


@pytest.fixture
def browser(store: Store) -> Client:
    client = Client()
    client.force_login(store.customer)
    return client


def shown_key(page: str) -> str:
    found = re.search(r'id="secret">(pk_[^<]+)<', page)
    return html.unescape(found[1]) if found else ""


def test_a_new_key_is_shown_once_and_works(browser: Client, store: Store) -> None:
    words = {"name": "Bot", "is_read_only": "on", "networks": "203.0.113.7\n"}
    page = browser.post("/api/", words)
    key = shown_key(page.content.decode())
    holder = authenticate_key(text=key, address="203.0.113.7", now=timezone.now())
    assert holder is not None
    assert (holder.customer_id, holder.is_read_only) == (store.customer.pk, True)
    assert "no-store" in page["Cache-Control"]
    later = browser.get("/api/").content.decode()
    assert key not in later
    assert ApiKey.objects.get().prefix in later


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"name": "Bot", "networks": "nonsense"}, "“nonsense” is not an IP address."),
    ],
)
def test_a_key_that_cannot_be_made(browser: Client, words: dict[str, str], said: str) -> None:
    page = browser.post("/api/", words)
    assert page.status_code == 422
    assert said in html.unescape(page.content.decode())
    assert not ApiKey.objects.exists()


def test_rotate_and_revoke(browser: Client, store: Store) -> None:
    old = issue_key(customer=store.customer, name="Bot", actor="test", now=timezone.now())
    new = shown_key(browser.post(f"/api/keys/{old.key.pk}/rotate/").content.decode())
    for key in (old.secret.reveal(), new):
        assert authenticate_key(text=key, address="", now=timezone.now()) is not None
    assert "was already rotated" in browser.post(f"/api/keys/{old.key.pk}/rotate/", follow=True).content.decode()
    answer = browser.post(f"/api/keys/{old.key.pk}/revoke/", follow=True)
    assert "API key “Bot” revoked. Apps that use it no longer have access." in answer.content.decode()
    assert authenticate_key(text=old.secret.reveal(), address="", now=timezone.now()) is None
    assert authenticate_key(text=new, address="", now=timezone.now()) is not None


def test_anothers_key_does_not_exist(browser: Client) -> None:
    eve = User.objects.create_user("eve@example.com")
    issued = issue_key(customer=eve, name="Hers", actor="test", now=timezone.now())
    assert issued.key.prefix not in browser.get("/api/").content.decode()
    for what in ("rotate", "revoke"):
        assert browser.post(f"/api/keys/{issued.key.pk}/{what}/").status_code == 404
        assert browser.get(f"/api/keys/{issued.key.pk}/{what}/").status_code == 405
    assert ApiKey.objects.get().ends_at is None


def test_the_page_asks_for_a_sign_in(store: Store) -> None:
    for address in ("/api/", "/api/console/"):
        assert Client().get(address).status_code == 302


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"action": "balance"}, '"balance": "100"'),
        ({"action": "services"}, '"rate": "1.35"'),
        ({"action": "status", "ids": "7, 8"}, '"8": {'),
        ({"action": "status", "ids": "7"}, '"error": "Incorrect order ID"'),
        ({"action": "refill_status", "ids": "7"}, '"error": "Refill not found"'),
        ({"action": "status", "ids": ""}, '"error": "Incorrect request"'),
    ],
)
def test_the_console_runs_what_reads(browser: Client, words: dict[str, str], said: str) -> None:
    page = browser.post("/api/console/", words, HTTP_HX_REQUEST="true")
    assert page.status_code == 200
    assert said in html.unescape(page.content.decode())


@pytest.mark.parametrize("action", ["add", "refill", "cancel", "", "nonsense"])
def test_the_console_runs_nothing_else(browser: Client, store: Store, action: str) -> None:
    before = store.everything()
    order = Order.objects.count()
    page = browser.post("/api/console/", {"action": action, "ids": "1"})
    assert page.status_code == 422
    assert (store.everything(), Order.objects.count()) == (before, order)


def test_openapi_names_every_action_and_parameter(client: Client) -> None:
    found = client.get("/api/openapi.json").json()
    call = found["components"]["schemas"]["Call"]
    assert found["openapi"] == "3.1.0"
    assert call["properties"]["action"]["enum"] == [
        "services",
        "add",
        "status",
        "refill",
        "refill_status",
        "cancel",
        "balance",
    ]
    assert {"link", "quantity", "runs", "interval", "comments", "orders", "refills"} <= set(call["properties"])
    message = found["webhooks"]["changed"]["post"]["requestBody"]["content"]["application/json"]
    assert set(message["example"]) <= set(message["schema"]["properties"])
    assert "sequence" in message["schema"]["required"]


@pytest.mark.parametrize(
    ("title", "command"), [("Python", [sys.executable, "-"]), ("PHP", ["php"]), ("curl", ["bash"])]
)
@pytest.mark.django_db(transaction=True)
def test_the_examples_run_as_printed(
    live_server: LiveServer, settings: Any, title: str, command: list[str], store: Store
) -> None:
    settings.SITE_URL = live_server.url
    client = Client()
    client.force_login(store.customer)
    issued = issue_key(customer=store.customer, name="Bot", actor="test", now=timezone.now())
    page = client.get("/api/").content.decode()
    found = re.search(rf'<h3 class="code-title">{title}</h3><pre[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found
    example = html.unescape(found[1]).replace(f"{issued.key.prefix}_…", issued.secret.reveal())
    done = subprocess.run(command, input=example, capture_output=True, text=True, timeout=30, check=True)
    assert re.search(r"balance\W+100\b", done.stdout), json.dumps(done.stdout)
