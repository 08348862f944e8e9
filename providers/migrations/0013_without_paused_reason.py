from django.db import migrations


class Migration(migrations.Migration):
    """The reasons are in the table of pauses."""

    dependencies = [("providers", "0012_fill_pauses")]

    operations = [migrations.RemoveField(model_name="provider", name="paused_reason")]
