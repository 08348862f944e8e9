import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

TRIES = "Calls in a row without a sensible answer for it."
ASKED = "When it was passed on last."
NEXT = "When it is passed on or looked at next."


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0002_listed_as"),
    ]

    operations = [
        migrations.AddField(
            model_name="refill",
            name="asked_at",
            field=models.DateTimeField(help_text=ASKED, null=True),
        ),
        migrations.AddField(
            model_name="refill",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0, help_text=TRIES),
        ),
        migrations.RemoveIndex(model_name="refill", name="refill_to_poll"),
        migrations.RenameField(model_name="refill", old_name="next_poll_at", new_name="next_at"),
        migrations.AlterField(
            model_name="refill",
            name="next_at",
            field=models.DateTimeField(default=django.utils.timezone.now, help_text=NEXT, null=True),
        ),
        migrations.AlterField(
            model_name="refill",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="orders.order"
            ),
        ),
        migrations.AddIndex(
            model_name="refill",
            index=models.Index(condition=models.Q(("next_at__isnull", False)), fields=["next_at"], name="refill_due"),
        ),
        migrations.CreateModel(
            name="Cancellation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tries", models.PositiveSmallIntegerField(default=0, help_text=TRIES)),
                ("why", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("asked_at", models.DateTimeField(help_text=ASKED, null=True)),
                ("next_at", models.DateTimeField(default=django.utils.timezone.now, help_text=NEXT, null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("wanted", "Wanted"),
                            ("sending", "Sending"),
                            ("unknown", "Unknown"),
                            ("asked", "Asked"),
                            ("done", "Done"),
                            ("too late", "Too Late"),
                            ("refused", "Refused"),
                        ],
                        default="wanted",
                        max_length=12,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="orders.order"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)), fields=["next_at"], name="cancellation_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["wanted", "sending", "unknown", "asked"])),
                        fields=("order",),
                        name="cancellation_one_open",
                    )
                ],
            },
        ),
    ]
