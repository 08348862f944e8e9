"""`manage.py sync_services [NAME]`: bring the catalogue of one provider, or of all active ones, up to date."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from panel.lib.commands import Answer, BadInput, OperatorCommand
from providers.catalog.refresh import Refreshed, refresh_providers
from providers.models import Provider


class Command(OperatorCommand):
    help = "Read the providers' services and bring the shelf up to date. Exit status 1 where one could not be read."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="One provider; without it, every active one.")
        parser.add_argument(
            "--accept",
            action="store_true",
            help="Believe a list that is suddenly small. An empty one is never believed.",
        )

    def work(self, **options: Any) -> Answer:
        providers = Provider.objects.order_by("pk")
        if options["name"] is None:
            providers = providers.filter(is_active=True)
        else:
            providers = providers.filter(name=options["name"])
            if not providers:
                raise BadInput(f"There is no provider “{options['name']}”.")
        if options["accept"] and options["name"] is None:
            raise BadInput("Name the provider whose list you accept.")
        done = refresh_providers(providers=providers, now=timezone.now(), accept_shrunk=options["accept"])
        return Answer(
            text=_words(done),
            data={**done.sums(), "problems": done.problems(), "failures": done.failures},
            exit_status=1 if done.failures else 0,
        )


def _words(done: Refreshed) -> str:
    lines = [f"{name}: not synced. {failure}" for name, failure in done.failures.items()]
    for name, report in done.reports.items():
        if report.problem:
            lines.append(f"{name}: held back. {report.problem} Everything stays as it was.")
        else:
            lines.append(
                f"{name}: {report.added:,} new, {report.changed:,} changed, {report.back:,} back, "
                f"{report.missing:,} missing, {report.removed:,} gone, {report.unchanged:,} as before"
                + (f", {report.rejected:,} make no sense." if report.rejected else ".")
            )
    return "\n".join(lines) or "There is no active provider."
