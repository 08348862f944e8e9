"""`manage.py restore FILE`: a backup in the place of what is there; the panel must not run."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from panel.lib.commands import Answer, BadInput, OperatorCommand, operator
from panel.ops.backup.databases import BackupError
from panel.ops.backup.restore import restore

NEXT = (
    "Run `manage.py migrate`, then start the panel. Where orders were sent since the backup it starts in safe mode: "
    "look for them on the page Safe mode, or by `manage.py find_orphans`."
)


class Command(OperatorCommand):
    help = "Replace the database and the customers' pictures by those of a backup. Stop the panel first."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="Needed: everything since the backup is replaced.")

    def work(self, **options: Any) -> Answer:
        if not options["yes"]:
            raise BadInput("Everything since the backup is replaced. Add --yes to do that.")
        try:
            manifest, aside = restore(source=options["file"], actor=operator(), now=timezone.now())
        except BackupError as error:
            raise BadInput(str(error)) from None
        return Answer(
            text=f"The backup of {manifest.created_at} is restored. What was there before is in {aside}. {NEXT}",
            data={"made": manifest.created_at, "database": manifest.database, "before": str(aside)},
        )
