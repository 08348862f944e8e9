"""Tables get the names that the rest of the code uses; their rows stay."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalog", "0018_places_are_bounded")]

    operations = [
        migrations.RenameModel("Shelf", "CatalogVersion"),
        migrations.RenameModel("ShelfChange", "CatalogUpdate"),
        migrations.RenameIndex("service", new_name="service_for_sale", old_name="service_shelf"),
        migrations.RenameIndex("catalogupdate", new_name="catalog_update_kind", old_name="shelf_change_kind"),
        migrations.RenameIndex("catalogupdate", new_name="catalog_update_age", old_name="shelf_change_age"),
    ]
