"""`manage.py find_orphans`: what was bought at a provider and is in no order here, after a restore from a backup."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from orders.unconfirmed.restore_search import MAX_CALLS, QUIET, CannotSearchError, find_orphans
from panel.lib.commands import Answer, BadInput, OperatorCommand, operator
from panel.lib.crypto import SealError
from panel.ops import audit
from providers.adapters.errors import RetryLater
from providers.models import Provider


class Command(OperatorCommand):
    help = "Ask a provider for ids above the highest one known; what is ours and in no order is kept for a decision."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("provider", help="Its name.")
        parser.add_argument("--calls", type=int, default=MAX_CALLS, help="At most so many calls (%(default)s).")
        parser.add_argument("--quiet", type=int, default=QUIET, help="Ids in a row that end the search (%(default)s).")

    def work(self, **options: Any) -> Answer:
        provider = Provider.objects.filter(name=options["provider"]).first()
        if provider is None:
            raise BadInput(f"There is no provider “{options['provider']}”.")
        if options["calls"] < 1 or options["quiet"] < 1:
            raise BadInput("--calls and --quiet are above zero.")
        try:
            found = find_orphans(provider=provider, max_calls=options["calls"], quiet=options["quiet"])
        except CannotSearchError as problem:
            raise BadInput(str(problem)) from None
        except (RetryLater, SealError) as problem:
            return Answer(text=f"{provider}: {problem}", data={"error": str(problem)}, exit_status=1)
        data = asdict(found)
        audit.record(actor=operator(), action="orphan.find", target=f"provider:{provider.pk}", detail=data)
        counts = Answer.of_counts({name: data[name] for name in ("asked", "calls", "found")}).text
        end = "the search is complete" if found.is_complete else "there may be more: run it again with more --calls"
        return Answer(text=f"{counts}; {end}.", data=data, exit_status=0 if found.is_complete else 1)
