from django.db import migrations, models

from panel.lib.database.large_tables import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("webhooks", "0002_webhook_turns"),
    ]

    operations = [
        AddIndexOnline(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)), fields=["webhook", "id"], name="delivery_open"
            ),
        ),
        migrations.RemoveIndex(model_name="delivery", name="delivery_due"),
    ]
