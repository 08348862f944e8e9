"""What was booked as lost so far keeps the exchange rate by which reports convert it today.

Back, nothing is done: the rates go with their table.
"""

from typing import Any

from django.db import migrations
from django.db.models import Q


def keep_rates(apps: Any, schema_editor: Any) -> None:
    rates = dict(apps.get_model("providers", "Provider").objects.values_list("pk", "exchange_rate"))
    transfers = apps.get_model("wallet", "Transfer").objects.filter(loss_rate=None)
    lost = transfers.filter(Q(source__house="loss") | Q(target__house="loss"))
    LossRate = apps.get_model("providers", "LossRate")
    columns = lost.values_list("pk", "source__house", "target__house")
    kept = [
        LossRate(transfer_id=pk, exchange_rate=rates[provider])
        for pk, *houses in columns
        for provider in [_provider_of(houses)]
        if provider in rates
    ]
    LossRate.objects.bulk_create(kept, batch_size=500)


def _provider_of(houses: list[str]) -> int:
    """The provider in whose account the other end is."""
    return next((int(house.partition(":")[2]) for house in houses if house.startswith("provider:")), 0)


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0014_loss_rates"),
    ]

    operations = [
        migrations.RunPython(keep_rates, migrations.RunPython.noop),
    ]
