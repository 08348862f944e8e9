"""Hostile text in everything that can be sent to the panel: forms, addresses, calls of the API."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from orders.api.openapi import SECTIONS
from panel.customers.keys import issue_key
from panel.customers.models import User
from panel.wallet.models import PaymentMethod
from tests.extent import few
from tests.fixtures_orders import Store
from tests.hostile import CORPUS, MARKUP, SURROGATES, live_parts
from tests.test_every_address import ADDRESSES, numbers

pytestmark = pytest.mark.django_db
__all__ = ["numbers"]  # the fixture: what the addresses' parts stand for


def posts() -> list[tuple[str, dict[str, str]]]:
    """Every form of a customer's, with a text of theirs in each field."""
    return [
        ("/account/", {"name": "{}", "time_zone": "{}"}),
        ("/api/", {"name": "{}", "networks": "{}"}),
        ("/api/repeats/", {"seconds": "{}"}),
        ("/api/console/", {"action": "status", "order": "{}", "orders": "{}"}),
        ("/api/webhook/", {"url": "{}"}),
        (
            "/order/",
            {"service": "1", "link": "{}", "quantity": "{}", "username": "{}", "comments": "{}", "token": "{}"},
        ),
        ("/order/mass/", {"lines": "{}", "token": "{}"}),
        ("/wallet/top-up/", {"method": "1", "amount": "5", "reference": "{}", "token": "0" * 32}),
        ("/orders/refill/", {"order": "{}", "next": "{}"}),
        ("/accounts/login/", {"login": "{}", "password": "{}", "next": "{}"}),
        ("/accounts/signup/", {"email": "{}", "password1": "{}"}),
        ("/accounts/password/reset/", {"email": "{}"}),
        ("/accounts/email/", {"action_add": "", "email": "{}"}),
        ("/accounts/2fa/authenticate/", {"code": "{}"}),
    ]


@pytest.mark.parametrize(("path", "fields"), posts(), ids=[path for path, _ in posts()])
def test_every_form_takes_it_or_says_why_not(store: Store, settings: Any, path: str, fields: dict[str, str]) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    PaymentMethod.objects.create(pk=1, name="Bank", instructions="Pay")
    client = Client()
    if not path.startswith("/accounts/") or path == "/accounts/email/":
        client.force_login(store.customer)
    before = store.money()
    for text in few(CORPUS):
        answer = client.post(path, {name: given.replace("{}", text) for name, given in fields.items()})
        assert answer.status_code < 500, text[:40]
        assert "\n" not in answer.get("Location", "")
        assert "evil.example" not in answer.get("Location", "").partition("?")[0]
        assert live_parts(answer.content.decode()) == [], text[:40]
    assert store.money() == before


QUERIES = (
    *(
        "q",
        "page",
        "before",
        "after",
        "state",
        "since",
        "from",
        "to",
        "zone",
        "provider",
        "service",
        "category",
        "kind",
    ),
    *("show", "order", "range", "select", "again", "link", "next", "ids", "doubt", "customer", "o", "e", "p"),
)


def test_every_address_takes_it_as_a_query(store: Store, numbers: dict[str, Any]) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    texts = [
        *MARKUP[:2],
        "a\r\nb",
        "\u202e",
        "'; DROP TABLE x;--",
        "9" * 40,
        "٣",
        "../..",
        "{{7919*7927}}",
        "-1",
    ]
    for place, address in enumerate(few(ADDRESSES, offset=1)):
        if address.name in {"logout", "account_logout", "healthz", "readyz"}:
            continue
        for text in (texts[place % len(texts)], texts[(place + 3) % len(texts)], "\x00"):
            answer = client.get(address.path(numbers), dict.fromkeys(QUERIES, text))
            assert answer.status_code < 500, (address.route, text)
            if answer.get("Content-Type", "").startswith("text/html") and not answer.streaming:
                assert live_parts(answer.content.decode()) == [], (address.route, text)


FIELDS = (
    "reason", "word", "as", "reading", "remains", "agreed", "provider_order_id", "order", "one", "service", "seen",
    "token", "text", "decision", "note", "amount", "back", "action", "name", "email", "password", "code", "url", "zone",
)  # fmt: skip


def test_every_address_takes_it_as_a_form(store: Store, numbers: dict[str, Any]) -> None:
    """Posted by the owner, who may do everything: done or refused in words, and never half."""
    owner = User.objects.create_superuser("owner@example.com", "correct horse battery")
    texts = [f"a{text}" for text in (*MARKUP[:2], "\x00", "\u202e", "9" * 400)]
    for address in few(ADDRESSES, offset=2):
        if address.name in {"logout", "account_logout"}:
            continue
        for text in texts:
            client = Client()
            client.force_login(owner)
            answer = client.post(address.path(numbers), dict.fromkeys(FIELDS, text))
            assert answer.status_code < 500, (address.route, text)
            if answer.get("Content-Type", "").startswith("text/html") and not answer.streaming:
                assert live_parts(answer.content.decode()) == [], (address.route, text)


def test_every_action_of_the_api_takes_it(store: Store) -> None:
    key = issue_key(customer=store.customer, name="k", actor="ada", now=timezone.now()).secret.reveal()
    client, before = Client(), store.money()
    names = (
        "service",
        "link",
        "quantity",
        "comments",
        "username",
        "order",
        "orders",
        "refill",
        "runs",
        "idempotency_key",
    )
    for section in SECTIONS:
        for text in few((*CORPUS, *SURROGATES)):
            call = {"key": key, "action": section.action, **dict.fromkeys(names, text)}
            cache.clear()
            answer = client.post("/api/v2", json.dumps(call), content_type="application/json")
            assert answer.status_code < 500, (section.action, text[:40])
            assert answer["Content-Type"] == "application/json"
            assert answer["X-Content-Type-Options"] == "nosniff"
            json.loads(answer.content)
    assert store.money() == before
