"""For how many days a service refills: chosen by staff, kept by every sync."""

from django.core.management import call_command
from django.test import Client

from panel.customers.models import User
from panel.ops.models import AuditEvent
from providers.catalog.models import CatalogVersion
from providers.catalog.publishing.staff_choices import set_refill_days
from tests.admin_forms import save
from tests.fixtures_shop import Shop


def test_staff_choose_it_and_a_sync_keeps_it(shop: Shop) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    service = shop.service("1")
    address = f"/admin/catalog/service/{service.pk}/change/"
    words = {
        "name": service.name,
        "description": service.description,
        "category": service.category_id,
        "position": service.position,
        "is_enabled": "on",
        "backups-TOTAL_FORMS": "0",
        "backups-INITIAL_FORMS": "0",
    }
    assert save(client, address, {**words, "refill_days": "30"}).status_code == 302
    assert (shop.service("1").refill_days, shop.service("1").keeps_name) == (30, False)
    shop.simulator.set_service("1", rate="0.95")
    shop.sync()
    assert shop.service("1").refill_days == 30
    assert save(client, address, {**words, "refill_days": ""}).status_code == 302
    assert shop.service("1").refill_days is None
    assert save(client, address, {**words, "refill_days": "-1"}).status_code == 200
    assert shop.service("1").refill_days is None


def test_names_are_found_in_any_case_of_any_letter(shop: Shop) -> None:
    shop.simulator.set_service("1", name="Подписчики ГАРАНТИЯ 30")
    shop.sync()
    call_command("set_refill_days", "30", "--named", "гарантия")
    assert shop.service("1").refill_days == 30


def test_many_are_set_by_their_names(shop: Shop) -> None:
    version = CatalogVersion.objects.get().version
    assert set_refill_days(name_holds="real | 30 DAYS", days=30) == 1
    assert shop.service("1").refill_days == 30
    assert shop.service("4").refill_days is None
    touched = CatalogVersion.objects.get().version
    assert touched != version
    assert set_refill_days(name_holds="real | 30 DAYS", days=30) == 0
    assert set_refill_days(name_holds="TikTok Views", days=30) == 0  # it has no refills
    assert CatalogVersion.objects.get().version == touched
    call_command("set_refill_days", "none", "--named", "Real | 30 days")
    assert shop.service("1").refill_days is None
    event = AuditEvent.objects.get(action="service.refill days")
    assert event.detail == {"named": "Real | 30 days", "days": None, "count": 1}
