"""The job that searches for unmatched orders has a new name: its runs and pauses are kept under it, and back."""

from typing import Any

from django.db import migrations

OLD, NEW = "look_for_strays", "search_unmatched_orders"


def rename(apps: Any, *, old: str, new: str) -> None:
    """Rename the job's runs, those for one provider ("job:ID") too. A row already there under the new name gives way."""
    runs = apps.get_model("ops", "JobRun").objects
    for name in [name for name in runs.values_list("name", flat=True) if name.partition(":")[0] == old]:
        renamed = name.replace(old, new)
        runs.filter(name=renamed).delete()
        runs.filter(name=name).update(name=renamed)
    backoffs = apps.get_model("providers", "Backoff").objects
    providers = list(backoffs.filter(job=old).values_list("provider", flat=True))
    backoffs.filter(job=new, provider__in=providers).delete()
    backoffs.filter(job=old).update(job=new)


def forwards(apps: Any, schema_editor: Any) -> None:
    rename(apps, old=OLD, new=NEW)


def backwards(apps: Any, schema_editor: Any) -> None:
    rename(apps, old=NEW, new=OLD)


class Migration(migrations.Migration):
    dependencies = [("ops", "0008_notice_reason"), ("providers", "0019_plain_texts")]
    operations = [migrations.RunPython(forwards, backwards)]
