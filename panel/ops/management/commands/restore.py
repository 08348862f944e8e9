"""`manage.py restore FILE`: replace everything by a backup. The panel must not run."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.commands import Answer, BadInput, OperatorCommand, operator
from panel.ops.backup.databases import BackupError
from panel.ops.backup.restore import restore

NEXT = _lazy(
    "Run `manage.py migrate`, then start the panel. If orders were sent after the backup, it starts in safe mode: "
    "find them on the Safe mode page or with `manage.py find_orphans`."
)


class Command(OperatorCommand):
    help = "Replace the database and the customers' images by those of a backup. Stop the panel first."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--yes", action="store_true", help="Required: confirms that everything since the backup is replaced."
        )

    def work(self, **options: Any) -> Answer:
        if not options["yes"]:
            raise BadInput(_("This replaces everything since the backup. Add --yes to confirm."))
        try:
            manifest, aside = restore(source=options["file"], actor=operator(), now=timezone.now())
        except BackupError as error:
            raise BadInput(str(error)) from None
        return Answer(
            text=_("Restored the backup of %(created_at)s. The previous data is in %(folder)s.")
            % {"created_at": manifest.created_at, "folder": aside}
            + f" {NEXT}",
            data={"made": manifest.created_at, "database": manifest.database, "before": str(aside)},
        )
