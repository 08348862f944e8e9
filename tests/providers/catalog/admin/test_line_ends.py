"""Texts of several lines differ in their words alone: browsers' line ends keep nothing from the provider's changes."""

from importlib import import_module

from django.apps import apps
from django.test import Client

from panel.customers.models import User
from panel.ops.models import AuditEvent
from panel.wallet.models import PaymentMethod
from providers.catalog.models import Service
from providers.models import UpstreamService
from tests.admin_forms import save
from tests.fixtures_shop import Shop
from tests.page_forms import read_form

MIGRATION = import_module("providers.catalog.migrations.0013_descriptions_kept_by_line_ends")


def owner() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


def described(shop: Shop, ours: str, theirs: str, *, keeps: bool) -> Service:
    service = shop.service("1")
    UpstreamService.objects.filter(service=service).update(description=theirs)
    Service.objects.filter(pk=service.pk).update(description=ours, keeps_description=keeps)
    return service


def test_saving_another_field_keeps_no_description(shop: Shop) -> None:
    service = described(shop, "One\nTwo", "One\nTwo", keeps=False)
    client, url = owner(), f"/admin/catalog/service/{service.pk}/change/"
    sent = read_form(client.get(url).content.decode(), "service_form")
    assert sent["description"] == "One\r\nTwo"  # as a browser sends it
    assert client.post(url, {**sent, "own_min": "60"}).status_code == 302
    now = shop.service("1")
    assert (now.description, now.keeps_description, now.own_min) == ("One\nTwo", False, 60)
    assert AuditEvent.objects.get().detail["fields"] == ["Custom minimum"]


def test_what_staff_write_is_kept_with_plain_line_ends(shop: Shop) -> None:
    service = described(shop, "One\nTwo", "One\nTwo", keeps=False)
    client, url = owner(), f"/admin/catalog/service/{service.pk}/change/"
    sent = read_form(client.get(url).content.decode(), "service_form")
    client.post(url, {**sent, "description": "Our\r\nown\rwords"})
    now = shop.service("1")
    assert (now.description, now.keeps_description) == ("Our\nown\nwords", True)
    way = {"name": "Bank", "instructions": "Pay\r\nhere", "minimum": "1", "maximum": "9", "position": "0"}
    client.post("/admin/wallet/paymentmethod/add/", way)
    method = PaymentMethod.objects.get()
    assert method.instructions == "Pay\nhere"
    save(client, f"/admin/wallet/paymentmethod/{method.pk}/change/", {**way, "maximum": "10"})
    assert AuditEvent.objects.latest("pk").detail["fields"] == ["Maximum"]


def test_the_migration_releases_what_only_line_ends_kept(shop: Shop) -> None:
    service = described(shop, "One\r\nTwo", "One\nTwo", keeps=True)
    MIGRATION.release(apps, None)
    service.refresh_from_db()
    assert (service.description, service.keeps_description) == ("One\nTwo", False)


def test_the_migration_keeps_what_staff_wrote(shop: Shop) -> None:
    service = described(shop, "Our\r\nown", "One\nTwo", keeps=True)
    MIGRATION.release(apps, None)
    service.refresh_from_db()
    assert (service.description, service.keeps_description) == ("Our\nown", True)
