from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0015_fill_category_headings"),
    ]

    operations = [
        migrations.RemoveField(model_name="category", name="heading"),
    ]
