import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_descriptions_kept_by_line_ends"),
    ]

    operations = [
        migrations.CreateModel(
            name="CategoryHeading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=300, unique=True)),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="headings", to="catalog.category"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="service",
            name="move_waits",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="The provider lists it under another category, where another markup would apply; "
                "staff move it.",
                verbose_name="waits for a move",
            ),
        ),
    ]
