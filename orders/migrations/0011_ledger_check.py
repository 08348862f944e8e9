from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0010_parts"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "last_order",
                    models.BigIntegerField(default=0, help_text="The last order of this round that was checked."),
                ),
                (
                    "last_event",
                    models.BigIntegerField(default=0, help_text="Orders with later events changed since then."),
                ),
                (
                    "differences",
                    models.PositiveIntegerField(default=0, help_text="What earlier runs of this round found."),
                ),
            ],
        ),
    ]
