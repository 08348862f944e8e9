import django.db.models.deletion
from django.db import migrations, models

import panel.lib.database.fields


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0013_without_paused_reason"),
        ("wallet", "0005_transfer_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="LossRate",
            fields=[
                (
                    "transfer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="loss_rate",
                        serialize=False,
                        to="wallet.transfer",
                    ),
                ),
                ("exchange_rate", panel.lib.database.fields.ExchangeRateField(places=10)),
            ],
        ),
    ]
