import django.utils.timezone
from django.db import migrations, models

SLOW_UNTIL = "Served in the slow lane, until a quick answer after this time. Empty: the quick lane."


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhook",
            name="claim",
            field=models.CharField(
                blank=True, editable=False, help_text="The turn under way, if it holds.", max_length=32
            ),
        ),
        migrations.AddField(
            model_name="webhook",
            name="claimed_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="webhook",
            name="last_turn_at",
            field=models.DateTimeField(editable=False, help_text="Who was served least recently is next.", null=True),
        ),
        migrations.AddField(
            model_name="webhook",
            name="slow_until",
            field=models.DateTimeField(
                default=django.utils.timezone.now, editable=False, help_text=SLOW_UNTIL, null=True
            ),
        ),
    ]
