"""Columns get the names that the code uses; their values stay."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0003_open_deliveries"),
    ]

    operations = [
        migrations.RenameField("webhook", "paused_why", "pause_reason"),
        migrations.RenameField("webhook", "rests_until", "retry_at"),
        migrations.RenameField("delivery", "why", "reason"),
    ]
