"""What providers that are switched off list is not for sale, as it would be after the switch. Reversible: what is gone or in doubt stays off."""

import uuid

from django.db import migrations

SWITCHED_OFF = "The provider is switched off."


def take_off_sale(apps, schema_editor):
    services = apps.get_model("catalog", "Service").objects.filter(provider__is_active=False, is_available=True)
    if services.update(is_available=False, unavailable_reason=SWITCHED_OFF):
        _touch(apps)


def put_back(apps, schema_editor):
    services = apps.get_model("catalog", "Service").objects.filter(unavailable_reason=SWITCHED_OFF)
    if services.filter(upstream__missing__lt=2, upstream__doubt="").update(is_available=True, unavailable_reason=""):
        _touch(apps)


def _touch(apps):
    apps.get_model("catalog", "Shelf").objects.update(version=uuid.uuid4().hex)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0011_listed_before"),
        ("providers", "0010_ids_seen"),
    ]

    operations = [
        migrations.RunPython(take_off_sale, put_back),
    ]
