from django.db import migrations, models

from panel.lib.database.large_tables import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("ops", "0006_settled_ids")]

    operations = [
        AddIndexOnline(model_name="alert", index=models.Index(fields=["subject"], name="alert_subject")),
    ]
