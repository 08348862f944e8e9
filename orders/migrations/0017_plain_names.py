"""Columns and a table get the names that the code uses. Only names change: no row is read or written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0016_attempt_expected_cost")]

    operations = [
        migrations.RenameField("attempt", "why", "reason"),
        migrations.RenameField("cancellation", "why", "reason"),
        migrations.RenameField("orderevent", "why", "reason"),
        migrations.RenameField("probe", "why", "reason"),
        migrations.RenameField("refill", "why", "reason"),
        migrations.SeparateDatabaseAndState(
            # The databases rename the column in its unique index themselves.
            database_operations=[migrations.RenameField("order", "gate_cost", "in_flight_cost")],
            state_operations=[
                migrations.RemoveConstraint("order", "order_one_in_flight_a_cost"),
                migrations.RenameField("order", "gate_cost", "in_flight_cost"),
                migrations.AddConstraint(
                    "order",
                    models.UniqueConstraint(
                        condition=models.Q(("in_flight_cost__isnull", False)),
                        fields=("provider", "in_flight_cost"),
                        name="order_one_in_flight_a_cost",
                    ),
                ),
            ],
        ),
        migrations.RenameModel("Orphan", "UnmatchedOrder"),
    ]
