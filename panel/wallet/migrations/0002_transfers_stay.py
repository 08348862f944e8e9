"""Transfers are never changed or deleted: the database itself refuses it."""

from django.db import migrations

from panel.wallet import triggers


def lay(apps, schema_editor):
    triggers.lay_triggers(schema_editor.connection)


def lift(apps, schema_editor):
    triggers.lift_triggers(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("wallet", "0001_initial")]
    operations = [migrations.RunPython(lay, lift)]
