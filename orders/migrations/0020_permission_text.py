"""The stored text of the permission to refund orders is worded as the code words it."""

from django.db import migrations
from django.db.backends.base.base import BaseDatabaseWrapper

from panel.lib.database.large_tables import OnlineStep

OLD = "Can give back the money of an order that was sent"
NEW = "Can refund an order that was sent"


def reword(database: BaseDatabaseWrapper) -> None:
    _reword(database, OLD, NEW)


def reword_back(database: BaseDatabaseWrapper) -> None:
    _reword(database, NEW, OLD)


def _reword(database: BaseDatabaseWrapper, before: str, after: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE auth_permission SET name = %s WHERE codename = 'refund_order' AND name = %s", [after, before]
        )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("orders", "0019_plain_texts"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [OnlineStep(reword, reword_back)]
