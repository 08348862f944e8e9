"""Groups and people keep their permissions on the renamed table."""

from django.db import migrations
from django.db.backends.base.base import BaseDatabaseWrapper

from panel.lib.database.large_tables import OnlineStep

NAMES = ("orphan", "unmatchedorder")
LABELS = ("orphan", "unmatched order")


def rename_permissions(database: BaseDatabaseWrapper) -> None:
    _rename(database, NAMES, LABELS)


def rename_back(database: BaseDatabaseWrapper) -> None:
    _rename(database, NAMES[::-1], LABELS[::-1])


def _rename(database: BaseDatabaseWrapper, names: tuple[str, str], labels: tuple[str, str]) -> None:
    with database.cursor() as cursor:
        for verb in ("add", "change", "delete", "view"):
            cursor.execute(
                "UPDATE auth_permission SET codename = %s, name = %s WHERE codename = %s AND content_type_id IN "
                "(SELECT id FROM django_content_type WHERE app_label = 'orders')",
                [f"{verb}_{names[1]}", f"Can {verb} {labels[1]}", f"{verb}_{names[0]}"],
            )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("orders", "0017_plain_names"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [OnlineStep(rename_permissions, rename_back)]
