"""`manage.py backup FILE`: write the whole panel into one file while it runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.commands import Answer, BadInput, OperatorCommand, operator
from panel.ops import audit
from panel.ops.backup.archive import write_backup
from panel.ops.backup.databases import BackupError

WITH = _lazy("It contains the secrets: store it where nobody else can read it.")
WITHOUT = _lazy("It does not contain the secrets: keep secrets.json (or DATA_KEYS) somewhere else.")


class Command(OperatorCommand):
    help = "Write the database and the customers' images into a new file, consistent while the panel runs."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The new file, such as panel.tar.gz.")
        parser.add_argument(
            "--with-secrets",
            action="store_true",
            help="Include secrets.json: whoever has the file can then read every provider key.",
        )

    def work(self, **options: Any) -> Answer:
        target: Path = options["file"]
        try:
            manifest = write_backup(target=target, with_secrets=options["with_secrets"], now=timezone.now())
        except BackupError as error:
            raise BadInput(str(error)) from None
        size = target.stat().st_size
        detail = {"file": str(target)[:200], "bytes": size, "secrets": manifest.has_secrets}
        audit.record(actor=operator(), action="backup.write", target="panel", detail=detail)
        secrets = WITH if manifest.has_secrets else WITHOUT
        return Answer(
            text=_("%(file)s: %(files)s files, %(size)s bytes.")
            % {"file": target, "files": f"{len(manifest.files):,}", "size": f"{size:,}"}
            + f" {secrets}",
            data={"file": str(target), "files": len(manifest.files), "bytes": size, "secrets": manifest.has_secrets},
        )
