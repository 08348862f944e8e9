"""Whoever kept own words keeps each of them: name, description and category. What is under its cost is marked."""

from typing import Any

from django.db import migrations
from django.db.models import F, Q

LOW = ("The rate is below the cost.", "The rate is below the smallest margin.")


def keep_each(apps: Any, schema_editor: Any) -> None:
    kept = apps.get_model("catalog", "Service").objects.filter(has_own_words=True)
    kept.update(keeps_name=True, keeps_description=True, keeps_category=True)


def keep_all(apps: Any, schema_editor: Any) -> None:
    """Backwards one switch holds all three: on where any is, so that nothing that staff wrote is overwritten."""
    any_kept = Q(keeps_name=True) | Q(keeps_description=True) | Q(keeps_category=True)
    apps.get_model("catalog", "Service").objects.filter(any_kept).update(has_own_words=True)


def mark_low(apps: Any, schema_editor: Any) -> None:
    """What is sold between the smallest margin and its cost is marked when it is next priced."""
    low = Q(unavailable_reason__in=LOW) | Q(rate__gt=0, rate__lt=F("cost"))
    apps.get_model("catalog", "Service").objects.filter(low).update(has_low_margin=True)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_own_choices")]

    operations = [
        migrations.RunPython(keep_each, keep_all),
        migrations.RunPython(mark_low, migrations.RunPython.noop),  # the mark goes with its column
    ]
