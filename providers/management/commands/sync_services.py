"""`manage.py sync_services [NAME]`: bring the catalogue of one provider, or of all active ones, up to date."""

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from panel.lib.commands import Answer, BadInput, OperatorCommand, operator
from panel.ops import audit
from providers.catalog.publishing.refresh import RefreshResult, refresh_providers
from providers.catalog.review.pending_review import accept_list
from providers.models import Provider
from providers.sync.service_sync import SyncFailedError


class Command(OperatorCommand):
    help = "Bring the providers' services up to date. Exit status 1 where a list could not be read, or not be accepted."

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
        done = _accepted(providers[0]) if options["accept"] else _refreshed(providers)
        has_failed = done.failures or (options["accept"] and done.problems())
        return Answer(
            text=_words(done),
            data={**done.sums(), "problems": done.problems(), "failures": done.failures},
            exit_status=1 if has_failed else 0,
        )


def _refreshed(providers: QuerySet[Provider]) -> RefreshResult:
    done = refresh_providers(providers=providers, now=timezone.now())
    for provider in providers:
        audit.record(actor=operator(), action="provider.sync", target=f"provider:{provider.pk}")
    return done


def _accepted(provider: Provider) -> RefreshResult:
    """The list as it is now, believed by who runs the command."""
    done = RefreshResult()
    try:
        done.reports[provider.name] = accept_list(provider=provider, actor=operator(), now=timezone.now())
    except SyncFailedError as error:
        done.failures[provider.name] = str(error)
    return done


def _words(done: RefreshResult) -> str:
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
