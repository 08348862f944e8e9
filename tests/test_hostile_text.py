"""Hostile text wherever a stranger's text comes in: taken or refused in words, and inert wherever it shows."""

import csv
import io
import json
import logging
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.cache import cache
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from orders.models import Attempt, Order
from orders.webhooks.models import Delivery, Webhook
from panel.customers.models import User
from panel.lib.logs.settings import log_settings
from panel.ops.alerts.alerts import raise_alert
from panel.ops.models import Alert, AuditEvent
from panel.wallet.deposits.deposits import reject_deposit
from panel.wallet.models import PaymentMethod, TopUp
from providers.catalog.models import Category, Service
from providers.catalog.publishing.refresh import refresh_provider
from providers.models import Provider, ServiceChange, UpstreamService
from tests.fixtures_orders import Store
from tests.hostile import CORPUS, KEPT, MARKUP, SURROGATES, UNWANTED, live_parts, text_for
from tests.test_every_address import ADDRESSES, numbers

pytestmark = pytest.mark.django_db
__all__ = ["numbers"]  # the fixture: what the addresses' parts stand for

OUTSIDE: dict[type[models.Model], tuple[str, ...]] = {
    Provider: ("name", "sync_error"),
    UpstreamService: ("name", "category", "description", "average_time", "raw_type"),
    ServiceChange: ("name", "external_id"),
    Category: ("name",),
    Service: ("name", "description", "average_time"),
    Order: ("link", "provider_order_id", "provider_status_raw", "attention"),
    Attempt: ("reason", "excerpt", "candidate"),
    User: ("name",),
    TopUp: ("reference", "note"),
    PaymentMethod: ("name", "instructions"),
    Webhook: ("url", "pause_reason"),
    Delivery: ("reason",),
    Alert: ("title", "detail"),
    AuditEvent: ("actor",),
}
"""The columns that hold what others wrote."""


def fill() -> int:
    """Write hostile text into every such column of every row, past all doors; how many cells."""
    cells = 0
    for model, names in OUTSIDE.items():
        for row in model._default_manager.order_by("pk"):
            values = {}
            for name in names:
                column = model._meta.get_field(name)
                longest = (getattr(column, "max_length", None) or 4000) - 5
                values[name] = f"{text_for(longest, cells)}{cells:05}" if column.unique else text_for(longest, cells)
                cells += 1
            model._default_manager.filter(pk=row.pk).update(**values)
    event = {"name": [MARKUP[0], MARKUP[1]]}
    ServiceChange.objects.update(fields=event)
    Order.objects.update(fields={"comments": "\n".join(KEPT), "username": MARKUP[0], "usernames": "\n".join(MARKUP)})
    apps.get_model("customers", "ApiKey").objects.update(name=MARKUP[1])
    return cells


@pytest.fixture
def filled(store: Store, numbers: dict[str, Any]) -> dict[str, Any]:
    """A shop in which every text of others is hostile."""
    store.place()
    store.place("3", comments="one\ntwo")
    Order.objects.filter(pk=numbers["order_id"]).update(attention="x")
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="x", detail="x")
    assert fill() > 100
    cache.clear()
    return numbers


def test_every_page_of_the_staff_and_of_the_customer_shows_it_as_text(filled: dict[str, Any], store: Store) -> None:
    owner = User.objects.create_superuser("owner@example.com", "correct horse battery", name=MARKUP[1])
    told = 0
    for person in (owner, store.customer):
        client = Client()
        client.force_login(person)
        for address in ADDRESSES:
            if address.name in {"logout", "account_logout", "healthz", "readyz"}:
                continue
            answer = client.get(address.path(filled))
            assert answer.status_code < 500, address.route
            if answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
                page = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
                assert live_parts(page.decode()) == [], f"{address.route} for {person}"
                told += b"evil" in page
    assert told > 25  # else the walk has not met the texts


def test_the_admins_lists_and_records_show_it_as_text(filled: dict[str, Any]) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    told = 0
    for model in OUTSIDE:
        name = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        row = model._default_manager.order_by("pk").first()
        for path in (
            name,
            f"{name}{row.pk if row else 0}/change/",
            f"{name}?q=evil",
            f"{name}{row.pk if row else 0}/history/",
        ):
            answer = client.get(path)
            assert answer.status_code < 500, path
            assert live_parts(answer.content.decode()) == [], path
            told += b"evil" in answer.content
    assert told > 15


def test_an_answer_to_a_wrong_address_shows_nothing_of_it() -> None:
    for text in MARKUP:
        answer = Client().get(f"/{text}")
        assert live_parts(answer.content.decode()) == []


def test_a_price_list_of_hostile_texts_is_taken_or_left_out(store: Store) -> None:
    for text in CORPUS:
        store.simulator.set_service("1", name=f"N {text}", category=f"C {text}", description=text, average_time=text)
        store.simulator.set_service("4", type=text, rate="0.25")
        refresh_provider(provider_id=store.provider.pk, now=timezone.now())
        row = UpstreamService.objects.get(external_id="1")
        for kept in (row.name, row.category):
            assert not {*UNWANTED, "\n"} & set(kept), text[:40]
            assert live_parts(kept) == []
        assert not UNWANTED & set(row.description)


def test_a_provider_that_answers_with_hostile_texts_moves_nothing_it_should_not(store: Store) -> None:
    order = store.active()
    for text in CORPUS:
        store.simulator.set_order(store.fresh(order).provider_order_id or "", status=text)
        store.poll()
        found = store.fresh(order)
        assert (found.state, found.refunded) == ("ACTIVE", 0), text[:40]
        assert not {*UNWANTED, "\n"} & set(found.provider_status_raw)
        assert len(found.provider_status_raw) <= 100


def test_an_export_has_no_formula(filled: dict[str, Any], store: Store) -> None:
    for text in KEPT:
        Order.objects.update(link=text[:2000])
        Service.objects.update(name=text[:300])
        client = Client()
        client.force_login(store.customer)
        answer = client.get("/orders/export/")
        body = b"".join(answer).decode().removeprefix("\ufeff")  # type: ignore[arg-type]
        assert "attachment" in answer["Content-Disposition"]
        for row in csv.reader(io.StringIO(body, newline="")):
            assert len(row) == 15
            assert not [cell for cell in row if cell.startswith(tuple("=+-@\t\r\x00＝"))], text[:40]


def test_a_mail_has_the_headers_that_we_wrote(store: Store, django_capture_on_commit_callbacks: Any) -> None:
    method = PaymentMethod.objects.create(name="Bank\r\nBcc: evil@evil.example", instructions="Pay")
    for place, text in enumerate(CORPUS):
        top_up = TopUp.objects.create(
            customer=store.customer, token=str(place), method=method, currency="USD", amount=5, reference="r"
        )
        with django_capture_on_commit_callbacks(execute=True):
            reject_deposit(
                deposit_id=top_up.pk, note=f"no: {text}".replace("\x00", ""), actor="staff", now=timezone.now()
            )
    assert len(mail.outbox) == len(CORPUS)
    for sent in mail.outbox:
        message = sent.message()
        assert (sent.to, message["Bcc"], message["Cc"]) == ([store.customer.email], None, None)
        assert message.get_content_type() == "multipart/alternative"
        parts = [(part.get_content_type(), part["Bcc"], part["Cc"]) for part in message.get_payload()]
        assert parts == [("text/plain", None, None), ("text/html", None, None)]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_log_line_stays_one_line(as_json: bool) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        log_settings(as_json=as_json, level="INFO")
        stream = io.StringIO()
        root.handlers[0].setStream(stream)  # type: ignore[attr-defined]
        for text in (*CORPUS, *SURROGATES):
            logging.getLogger("test").info("seen %s", text, extra={"given": text})
    finally:
        root.handlers, root.level = before, level
    lines = stream.getvalue().split("\n")
    assert len(lines) == len(CORPUS) + len(SURROGATES) + 1
    assert "\x1b" not in stream.getvalue()
    assert "\r" not in stream.getvalue()
    if as_json:
        assert [json.loads(line)["level"] for line in lines[:-1]] == ["info"] * (len(lines) - 1)


def test_the_database_is_as_it_was_after_all_of_it(store: Store) -> None:
    """Texts of the corpus in searches are parameters: the tables are there and hold what they held."""
    for text in CORPUS:
        assert Order.objects.filter(link=text.replace("\x00", "")).count() == 0
    assert "orders_order" in connection.introspection.table_names()
