import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """In forms alone: the columns stay as they are."""

    dependencies = [
        ("catalog", "0017_fixed_own_rates"),
    ]

    operations = [
        migrations.AlterField(
            model_name="category",
            name="position",
            field=models.IntegerField(
                default=0,
                validators=[
                    django.core.validators.MinValueValidator(-1000000000),
                    django.core.validators.MaxValueValidator(1000000000),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="service",
            name="position",
            field=models.IntegerField(
                default=0,
                validators=[
                    django.core.validators.MinValueValidator(-1000000000),
                    django.core.validators.MaxValueValidator(1000000000),
                ],
            ),
        ),
    ]
