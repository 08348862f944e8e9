from django.db import migrations, models


class Migration(migrations.Migration):
    """Empty: the shelf follows the minimum margin with the next sync."""

    dependencies = [("providers", "0016_backoff")]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="shelved_margin",
            field=models.IntegerField(
                editable=False, help_text="The MINIMUM_MARGIN_PERCENT that the shelf has followed.", null=True
            ),
        ),
    ]
