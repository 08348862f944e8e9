from django.db import migrations

from orders.listing.search_triggers import (
    add_extensions,
    add_missing_entries,
    add_text_index,
    drop_text_index,
    lay_triggers,
    lift_triggers,
)
from panel.lib.database.large_tables import OnlineStep


class Migration(migrations.Migration):
    """Orders written before have entries, those written meanwhile get them by triggers; then their texts are indexed."""

    atomic = False
    dependencies = [("orders", "0012_search_entries")]

    operations = [
        OnlineStep(add_extensions, drop_text_index),
        OnlineStep(lay_triggers, lift_triggers),
        OnlineStep(add_missing_entries),
        OnlineStep(add_text_index, drop_text_index),
    ]
