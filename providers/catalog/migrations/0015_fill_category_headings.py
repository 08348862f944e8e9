"""Each category has the heading that it was made for, and its own name where services follow it by that. Reversible."""

from django.db import migrations

NO_HEADING = "Other"


def fill_headings(apps, schema_editor):
    categories = list(apps.get_model("catalog", "Category").objects.order_by("position", "name"))
    category_of = {category.heading: category.pk for category in categories if category.heading}
    following = apps.get_model("catalog", "Service").objects.filter(keeps_category=False)
    listed = set(following.values_list("category", "upstream__category").distinct().order_by())
    met = {(pk, text.strip() or NO_HEADING) for pk, text in listed}
    for category in categories:
        if (category.pk, category.name) in met:
            category_of.setdefault(category.name, category.pk)
    model = apps.get_model("catalog", "CategoryHeading")
    model.objects.bulk_create(model(text=text, category_id=pk) for text, pk in category_of.items())


def fill_heading(apps, schema_editor):
    headings = apps.get_model("catalog", "CategoryHeading").objects
    for pk, text in headings.order_by("-pk").values_list("category", "text"):
        apps.get_model("catalog", "Category").objects.filter(pk=pk).update(heading=text)
    headings.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0014_category_headings"),
    ]

    operations = [
        migrations.RunPython(fill_headings, fill_heading),
    ]
