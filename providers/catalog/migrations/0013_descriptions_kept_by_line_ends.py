"""Descriptions that saving a form kept from the provider's changes, though only their line ends differed, follow again.

A description that staff did write stays theirs, with plain line ends. Backwards nothing has to be done.
"""

from typing import Any

from django.db import migrations


def plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def release(apps: Any, schema_editor: Any) -> None:
    services = apps.get_model("catalog", "Service").objects
    kept = services.filter(keeps_description=True, description__contains="\r")
    rows = kept.values_list("pk", "description", "upstream__description").iterator(chunk_size=500)
    for pk, ours, theirs in list(rows):
        is_theirs = plain_lines(ours) == plain_lines(theirs)
        text = theirs if is_theirs else plain_lines(ours)
        services.filter(pk=pk).update(description=text, keeps_description=not is_theirs)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0012_nothing_of_switched_off_providers"),
    ]

    operations = [migrations.RunPython(release, migrations.RunPython.noop)]
