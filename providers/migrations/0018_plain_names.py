"""Columns get the names that the rest of the code uses; their values stay."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0017_shelved_margin"),
        ("catalog", "0018_places_are_bounded"),  # migrations up to here read the old names, also on the way back
    ]

    operations = [
        migrations.RenameField("provider", "shelve", "new_services"),
        migrations.RenameField("provider", "shelved_at", "published_at"),
        migrations.RenameField("provider", "shelved_margin", "published_margin"),
        migrations.RenameField("provider", "closed_until", "breaker_open_until"),
        migrations.RenameField("upstreamservice", "doubt", "review_reason"),
    ]
