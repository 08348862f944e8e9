"""`manage.py sync_services [NAME]`: sync the services of one provider, or of all active ones."""

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from panel.lib.commands import Answer, BadInput, OperatorCommand, operator
from panel.ops import audit
from providers.catalog.publishing.refresh import RefreshResult, refresh_providers
from providers.catalog.review.pending_review import accept_list
from providers.models import Provider
from providers.sync.service_sync import SyncFailedError, SyncReport


class Command(OperatorCommand):
    help = "Sync the providers' services. Exit status 1 if a list could not be read or accepted."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="One provider. Default: all active providers.")
        parser.add_argument(
            "--accept",
            action="store_true",
            help="Accept a list that is unexpectedly short. An empty list is never accepted.",
        )

    def work(self, **options: Any) -> Answer:
        providers = Provider.objects.order_by("pk")
        if options["name"] is None:
            providers = providers.filter(is_active=True)
        else:
            providers = providers.filter(name=options["name"])
            if not providers:
                raise BadInput(_("No provider is named “%(name)s”.") % {"name": options["name"]})
        if options["accept"] and options["name"] is None:
            raise BadInput(_("Enter the provider whose list you accept."))
        done = _accepted(providers[0]) if options["accept"] else _refreshed(providers)
        has_failed = done.failures or (options["accept"] and done.problems())
        return Answer(
            text=_text(done),
            data={**done.sums(), "problems": done.problems(), "failures": done.failures},
            exit_status=1 if has_failed else 0,
        )


def _refreshed(providers: QuerySet[Provider]) -> RefreshResult:
    done = refresh_providers(providers=providers, now=timezone.now())
    for provider in providers:
        audit.record(actor=operator(), action="provider.sync", target=f"provider:{provider.pk}")
    return done


def _accepted(provider: Provider) -> RefreshResult:
    """Accept the provider's current list."""
    done = RefreshResult()
    try:
        done.reports[provider.name] = accept_list(provider=provider, actor=operator(), now=timezone.now())
    except SyncFailedError as error:
        done.failures[provider.name] = str(error)
    return done


def _text(done: RefreshResult) -> str:
    lines = [
        _("%(name)s: sync failed. %(problem)s") % {"name": name, "problem": failure}
        for name, failure in done.failures.items()
    ]
    for name, report in done.reports.items():
        if report.problem:
            text = _("%(name)s: sync on hold. %(problem)s Your catalog is unchanged.")
            lines.append(text % {"name": name, "problem": report.problem})
        else:
            lines.append(_counts(name, report))
    return "\n".join(lines) or _("There are no active providers.")


def _counts(name: str, report: SyncReport) -> str:
    text = _(
        "%(name)s: %(added)s new, %(changed)s changed, %(back)s back, %(missing)s missing, %(removed)s removed, "
        "%(unchanged)s unchanged, %(rejected)s invalid."
    )
    columns = ("added", "changed", "back", "missing", "removed", "unchanged", "rejected")
    return text % {"name": name, **{column: f"{getattr(report, column):,}" for column in columns}}
