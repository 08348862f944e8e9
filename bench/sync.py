"""The sync of 10,000 services, as the job and the command run it: unchanged, 1 % changed, and the first time.

The floor of a later sync: fetch with requests, json.loads, one SELECT of the rows. The floor of the first: a bare
bulk_create of the very rows that it wrote, built before.
"""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from statistics import median
from typing import Any

import requests
from django.db import connection, models, transaction
from django.utils import timezone

from bench.figures import ROUNDS, Figures, clock
from bench.stub import CHANGED_SERVICES, SERVICES
from bench.world import KEY, counted, empty_tables, new_provider, stub_url, tidy_tables
from providers.catalog.models import Category, Service
from providers.catalog.publishing.refresh import refresh_provider
from providers.models import Provider, ServiceChange, UpstreamService
from providers.sync.diff import KNOWN
from providers.sync.service_sync import SyncReport, sync_provider

SAMPLE = 200
MIRROR: Sequence[type[models.Model]] = (UpstreamService, ServiceChange)
SHELF: Sequence[type[models.Model]] = (*MIRROR, Category, Service)

Import = Callable[..., SyncReport]


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    figures = Figures()
    empty_tables()
    provider = new_provider(url=stub_url(variant="plain"))
    refresh_provider(provider_id=provider.pk, now=timezone.now())
    tidy_tables()
    floor = [clock(partial(fetch_parse_select, provider)) for _ in range(ROUNDS)]
    measure_unchanged(figures, provider, "plain", "no change, identical body")
    measure_unchanged(figures, provider, "reordered", "no change, other bytes")
    measure_changed(figures, provider)
    measure_one_by_one(figures, provider, floor)
    measure_first(figures, "first import, the mirror", sync_provider, MIRROR)
    measure_first(figures, "first import, mirror and shelf", refresh_provider, SHELF)
    figures.close()


def fetch_parse_select(provider: Provider) -> None:
    """The least that a sync has to do."""
    body = requests.post(provider.url, data={"key": KEY, "action": "services"}, timeout=30).content
    json.loads(body)
    columns = ", ".join(UpstreamService._meta.get_field(name).column for name in KNOWN if name != "pk")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {columns} FROM providers_upstreamservice WHERE provider_id = %s", [provider.pk])
        cursor.fetchall()


def measure_unchanged(figures: Figures, provider: Provider, variant: str, name: str) -> None:
    point_at(provider, variant)
    floor, ours, rows, writes = [], [], 0, 0
    for _ in range(ROUNDS + 2):
        floor.append(clock(partial(fetch_parse_select, provider)))
        ours.append(clock(partial(refresh_provider, provider_id=provider.pk, now=timezone.now())))
        with counted() as statements:
            report = refresh_provider(provider_id=provider.pk, now=timezone.now())
        rows, writes = rows + report.rows_written, writes + statements.writes
        figures_of(report, unchanged=SERVICES)
    figures.times(name, floor=floor, ours=ours, limit=2)
    figures.holds("  rows written", found=rows, wanted=0)
    figures.holds("  statements that write", found=writes, wanted=0)


def measure_changed(figures: Figures, provider: Provider) -> None:
    """Each round the list alternates between two that differ in 1 % of the rates."""
    floor, ours = [], []
    for number in range(ROUNDS + 2):
        point_at(provider, "changed" if number % 2 == 0 else "plain")
        floor.append(clock(partial(fetch_parse_select, provider)))
        reports: list[SyncReport] = []
        ours.append(
            clock(lambda into=reports: into.append(refresh_provider(provider_id=provider.pk, now=timezone.now())))
        )
        figures_of(reports[0], changed=CHANGED_SERVICES, unchanged=SERVICES - CHANGED_SERVICES)
    figures.times("1 % changed, mirror and shelf", floor=floor, ours=ours, limit=2.5)


def measure_one_by_one(figures: Figures, provider: Provider, floor: list[float]) -> None:
    """What other panels do: update_or_create for each service, from a sample."""
    answer = requests.post(provider.url, data={"key": KEY, "action": "services"}, timeout=30).json()

    def update() -> None:
        for row in answer[:SAMPLE]:
            values = {name: row[name] for name in ("name", "category", "refill", "cancel", "dripfeed")}
            values |= {"rate": Decimal(row["rate"]), "min": int(row["min"]), "max": int(row["max"])}
            UpstreamService.objects.update_or_create(
                provider=provider, external_id=str(row["service"]), defaults={**values, "type": row["type"]}
            )

    whole = median(clock(update) for _ in range(ROUNDS)) * SERVICES / SAMPLE
    times = whole / median(floor)
    figures.note(f"the common way, update_or_create of each (from {SAMPLE}): {whole:,.1f} s, {times:,.0f}x the floor")


def measure_first(figures: Figures, name: str, run: Import, kept: Sequence[type[models.Model]]) -> None:
    floor, ours = [], []
    for _ in range(ROUNDS):
        empty_tables()
        provider = new_provider(url=stub_url(variant="plain"))
        ours.append(clock(partial(run, provider_id=provider.pk, now=timezone.now())))
        written = {model: list(model._default_manager.order_by("pk")) for model in kept}
        if len(written[UpstreamService]) != SERVICES or len(written.get(Service, [])) not in {0, SERVICES}:
            raise RuntimeError("The first import is not whole.")
        empty_tables()
        provider.save(force_insert=True)
        floor.append(clock(partial(insert, written)))
    figures.times(name, floor=floor, ours=ours, limit=3)


def insert(rows: dict[type[models.Model], list[Any]]) -> None:
    """The bare bulk insert."""
    with transaction.atomic():
        for model, given in rows.items():
            model._default_manager.bulk_create(given, batch_size=500)


def point_at(provider: Provider, variant: str) -> None:
    provider.url = stub_url(variant=variant)
    provider.save(update_fields=["url"])


def figures_of(report: SyncReport, **wanted: int) -> None:
    """Stop when a sync did not do what is being measured."""
    for name, value in wanted.items():
        if getattr(report, name) != value:
            raise RuntimeError(f"{name} is {getattr(report, name)}, not {value}: {report}")
