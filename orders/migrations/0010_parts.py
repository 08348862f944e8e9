from django.db import migrations, models

from panel.lib.database.large_tables import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0009_orphans_not_ours")]

    operations = [
        AddIndexOnline(
            model_name="order",
            index=models.Index(
                condition=models.Q(("type", "Subscriptions"), ("fields__has_key", "runs"), _connector="OR"),
                fields=["provider", "finished_at"],
                name="order_with_parts",
            ),
        ),
    ]
