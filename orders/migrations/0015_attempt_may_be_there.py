from django.db import migrations, models

from panel.lib.database.large_tables import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0014_ledger_check_rounds")]

    operations = [
        AddIndexOnline(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(
                    ("outcome__isnull", True), ("outcome", "unknown"), ("outcome", "absent"), _connector="OR"
                ),
                fields=["provider", "started_at"],
                name="attempt_may_be_there",
            ),
        ),
    ]
