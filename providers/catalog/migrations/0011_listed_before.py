"""What is switched on was on sale before: when it comes back, it is not told as new. Nothing to undo."""

from django.db import migrations
from django.db.models import F


def keep_as_listed(apps, schema_editor):
    services = apps.get_model("catalog", "Service").objects.filter(is_enabled=True, listed_at=None)
    services.update(listed_at=F("changed_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_shelf_changes"),
    ]

    operations = [
        migrations.RunPython(keep_as_listed, migrations.RunPython.noop),
    ]
