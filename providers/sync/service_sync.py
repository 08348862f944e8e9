"""Syncs the stored services of a provider: fetch outside any transaction, compare, write only what changed.

Rows are never deleted. Called by providers.catalog.publishing.refresh, which then updates the catalog.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from panel.lib.crypto import SealError
from panel.lib.database.bulk import update_rows
from providers.adapters.base import SERVICE_FIELDS, ServiceList
from providers.adapters.errors import RetryLater
from providers.adapters.fingerprint import fingerprint
from providers.availability.circuit_breaker import resume_provider
from providers.connection.connect import PROBLEM_TEXTS, connected
from providers.models import Provider, ServiceChange, UpstreamService
from providers.sync.diff import KNOWN, LOGGED_REASON, Diff, Limits, Values, diff_services
from providers.sync.prefilter import PREFILTER_COLUMNS, find_changed_rows
from providers.sync.sanity_checks import (
    CRASHED,
    count_uniform_changes,
    find_list_problem,
    hold_list,
    update_prices_alert,
    update_sync_alert,
)

ROWS_PER_STATEMENT = 500
IDS_PER_QUERY = 500
WRITTEN = ("missing", "review_reason", "rate_before", *SERVICE_FIELDS, "fingerprint", "changed_at")


class SyncFailedError(Exception):
    """The list could not be read; the stored services are unchanged. The message is for people."""


class SyncOvertakenError(SyncFailedError):
    """Another sync of the same provider wrote first, so this one wrote nothing. No error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync found, in numbers of services. `rows_written` counts stored rows, `held` changes that are held.

    `missing` services are absent for the first time, `removed` for the second; `back` were either. `touched` are the
    external IDs of all changed rows. `problem` is why changes are held, for people. `alike` is the number of prices
    that changed by the same factor, if the prices are held for it. `left_behind`: the catalog misses an earlier sync
    or the current minimum margin; `synced_at` is the state that it has to reach.
    """

    added: int = 0
    changed: int = 0
    missing: int = 0
    removed: int = 0
    back: int = 0
    unchanged: int = 0
    rejected: int = 0
    rows_written: int = 0
    held: int = 0
    problem: str = ""
    touched: Sequence[str] = ()
    alike: int = 0
    left_behind: bool = False
    synced_at: datetime | None = None


def sync_provider(*, provider_id: int, now: datetime, accept_shrunk: bool = False, seen_lost: str = "") -> SyncReport:
    """Update the stored services of a provider. Writes nothing if nothing changed. Call it outside any transaction.

    A list that is empty, unexpectedly short or in another currency is held. `accept_shrunk` accepts a short list and
    removes the missing services at once; with `seen_lost` (a diff's `lost_digest`) only the list that staff saw. If
    many prices changed by the same factor within a day, the provider's prices are held. Raises SyncFailedError; the
    third failure in a row raises an alert, which the next success closes.
    """
    provider = Provider.objects.get(pk=provider_id)
    listing = _fetch(provider, "" if accept_shrunk else provider.services_digest)
    left_behind = provider.is_catalog_behind
    if listing is None:
        _clear_failures(provider)
        known = provider.services.filter(missing=0).count()
        return SyncReport(unchanged=known, left_behind=left_behind, synced_at=provider.synced_at)
    changed_rows = find_changed_rows(known=provider.services.values_list(*PREFILTER_COLUMNS), listing=listing)
    compared = _known_rows(provider, changed_rows.fingerprints)
    diff = diff_services(
        known=compared,
        listing=changed_rows.listing,
        limits=Limits(rise=provider.hold_rise_percent, fall=provider.hold_fall_percent),
        same=changed_rows.same,
        gone=changed_rows.gone,
        accepts_missing=accept_shrunk,
    )
    if held := find_list_problem(
        provider=provider, diff=diff, listing=listing, accept_shrunk=accept_shrunk, seen_lost=seen_lost
    ):
        reason, problem = held
        hold_list(provider=provider, diff=diff, reason=reason, problem=problem, now=now)
        return SyncReport(held=len(diff.changes), unchanged=diff.unchanged, rejected=diff.rejected, problem=problem)
    alike = count_uniform_changes(provider=provider, diff=diff, now=now)
    if diff.changes:
        stale = _stale_fingerprints(diff, compared, changed_rows.fingerprints)
        _write(provider, diff, stale, "" if diff.count("missing") else listing.digest, alike, now)
        _end_currency_pause(provider)
    else:
        _clear_failures(provider)
    return _report(diff, alike=alike, left_behind=left_behind, synced_at=now if diff.changes else provider.synced_at)


def clear_review_reasons(*, rows: QuerySet[UpstreamService], now: datetime) -> list[int]:
    """Approve these upstream services as they are listed now; returns the primary keys of those that needed review.

    Call it inside a transaction. Invalid entries still need review until the provider lists valid data.
    """
    approvable = [reason for reason in UpstreamService.ReviewReason if reason != UpstreamService.ReviewReason.REJECTED]
    pending = list(rows.filter(review_reason__in=approvable).only("provider", "external_id", "name", "review_reason"))
    pks = [row.pk for row in pending]
    UpstreamService.objects.filter(pk__in=pks).update(review_reason="", rate_before=None, changed_at=now)
    ServiceChange.objects.bulk_create(
        ServiceChange(
            provider_id=row.provider_id,
            external_id=row.external_id,
            kind=ServiceChange.Kind.CHANGED,
            name=row.name,
            fields={LOGGED_REASON: [row.review_reason, ""]},
            at=now,
        )
        for row in pending
    )
    return pks


def record_crash(*, provider: Provider, error: Exception) -> None:
    """Record an unexpected error of a sync or the catalog update: an alert at once, closed by the next success."""
    Provider.objects.filter(pk=provider.pk).update(
        sync_failures=F("sync_failures") + 1, sync_error=f"{CRASHED}{type(error).__name__}."
    )
    update_sync_alert(provider_id=provider.pk)


def _fetch(provider: Provider, digest: str) -> ServiceList | None:
    try:
        with connected(provider) as adapter:
            return adapter.services(unless_digest=digest)
    except RetryLater as error:
        failure = f"{PROBLEM_TEXTS[error.reason]}: {error.text}"
    except SealError as error:
        failure = _("The API key cannot be read. Enter it again. %(error)s") % {"error": error}
    _record_failure(provider, failure)
    raise SyncFailedError(failure)


def _known_rows(provider: Provider, external_ids: Collection[str]) -> list[Values]:
    """These stored rows with the columns of KNOWN."""
    if not external_ids:
        return []
    rows = provider.services.values_list(*KNOWN)
    if len(external_ids) <= IDS_PER_QUERY:
        rows = rows.filter(external_id__in=external_ids)
    return [row for row in rows if row[0] in external_ids]


def _stale_fingerprints(diff: Diff, compared: Sequence[Values], stored: Mapping[str, int | None]) -> list[Values]:
    """Unchanged rows whose stored fingerprint is wrong or missing, as (pk, correct fingerprint)."""
    written = {values[0] for values in diff.writes}
    kept = [(row[0], row[1], fingerprint(row[-len(SERVICE_FIELDS) :])) for row in compared if row[1] not in written]
    return [(pk, right) for external_id, pk, right in kept if right != stored[external_id]]


def _write(provider: Provider, diff: Diff, stale: Sequence[Values], digest: str, alike: int, now: datetime) -> None:
    """Write all changes in one transaction. `digest` is "" if an identical body could still change something."""
    held = {"prices_held_at": now} if alike else {}
    with transaction.atomic():
        untouched = Provider.objects.filter(
            pk=provider.pk, synced_at=provider.synced_at, services_digest=provider.services_digest
        )
        if not untouched.update(
            synced_at=now, services_digest=digest, sync_failures=0, sync_error="", held_list="", **held
        ):
            raise SyncOvertakenError(_("Another sync of this provider finished first."))
        is_first = diff.known == 0
        UpstreamService.objects.bulk_create(
            [_new_row(provider, position, values, now) for position, values in enumerate(diff.new, start=diff.known)],
            batch_size=ROWS_PER_STATEMENT,
        )
        _update([(*values, fingerprint(values[-len(SERVICE_FIELDS) :]), now) for values in diff.writes], WRITTEN)
        _update(stale, ["fingerprint"])
        ServiceChange.objects.bulk_create(
            [_first_line(provider, diff, now)] if is_first else _log_lines(provider, diff, now),
            batch_size=ROWS_PER_STATEMENT,
        )
        if provider.sync_error:
            update_sync_alert(provider_id=provider.pk)
        if alike or provider.prices_held_at:
            update_prices_alert(provider_id=provider.pk)


def _update(rows: Sequence[Values], fields: Sequence[str]) -> None:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        update_rows(UpstreamService, rows[start : start + ROWS_PER_STATEMENT], fields=fields, guard=())


def _new_row(provider: Provider, position: int, values: Values, now: datetime) -> UpstreamService:
    external_id, review_reason, *service_values = values
    return UpstreamService(
        provider_id=provider.pk,
        external_id=external_id,
        review_reason=review_reason,
        position=position,
        first_seen_at=now,
        changed_at=now,
        fingerprint=fingerprint(service_values),
        **dict(zip(SERVICE_FIELDS, service_values, strict=True)),
    )


def _first_line(provider: Provider, diff: Diff, now: datetime) -> ServiceChange:
    """One log row for a whole first list: a row for each service would double the cost without adding information."""
    return ServiceChange(
        provider=provider,
        kind=ServiceChange.Kind.NEW,
        name=_("First list"),
        fields={"services": len(diff.new)},
        at=now,
    )


def _log_lines(provider: Provider, diff: Diff, now: datetime) -> list[ServiceChange]:
    return [
        ServiceChange(
            provider=provider, external_id=line.external_id, kind=line.kind, name=line.name, fields=line.fields, at=now
        )
        for line in diff.changes
    ]


def _report(diff: Diff, *, alike: int, left_behind: bool, synced_at: datetime | None) -> SyncReport:
    return SyncReport(
        added=diff.count("new"),
        changed=diff.count("changed"),
        missing=diff.count("missing"),
        removed=diff.count("gone"),
        back=diff.count("back"),
        unchanged=diff.unchanged,
        rejected=diff.rejected,
        rows_written=len(diff.new) + len(diff.writes),
        touched=diff.touched,
        alike=alike,
        left_behind=left_behind,
        synced_at=synced_at,
    )


def _record_failure(provider: Provider, failure: str) -> None:
    Provider.objects.filter(pk=provider.pk).update(sync_failures=F("sync_failures") + 1, sync_error=failure[:200])
    update_sync_alert(provider_id=provider.pk)


def _clear_failures(provider: Provider) -> None:
    if provider.sync_failures or provider.sync_error:
        Provider.objects.filter(pk=provider.pk).update(sync_failures=0, sync_error="", held_list="")
        update_sync_alert(provider_id=provider.pk)
        _end_currency_pause(provider)
    if provider.prices_held_at:
        update_prices_alert(provider_id=provider.pk)


def _end_currency_pause(provider: Provider) -> None:
    """End the pause for a list in the wrong currency: the list was used, so its currency is right."""
    if provider.held_list == Provider.HeldList.CURRENCY:
        resume_provider(provider_id=provider.pk, reason="list-currency")
