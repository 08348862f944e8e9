from django.db import migrations

import panel.lib.database.fields


class Migration(migrations.Migration):
    dependencies = [("orders", "0015_attempt_may_be_there")]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="expected_cost",
            field=panel.lib.database.fields.AmountField(
                null=True, help_text="In the provider's currency, as the order expected it then; of old ones not known."
            ),
        ),
    ]
