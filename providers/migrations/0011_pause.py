import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """A table of reasons: a provider may be paused for several at once."""

    dependencies = [("providers", "0010_ids_seen")]

    operations = [
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("funds", "no funds"),
                            ("key", "API key refused"),
                            ("currency", "another currency"),
                            ("list-currency", "service list in another currency"),
                            ("drift", "missing money"),
                        ],
                        max_length=20,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "detail",
                    models.CharField(
                        blank=True, help_text="What was seen when the reason was last met.", max_length=300
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pauses", to="providers.provider"
                    ),
                ),
            ],
            options={
                "ordering": ["since", "pk"],
                "constraints": [models.UniqueConstraint(fields=("provider", "reason"), name="pause_reason_once")],
            },
        ),
    ]
