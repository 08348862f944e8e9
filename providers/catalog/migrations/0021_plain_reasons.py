"""The stored reasons why services are unavailable are worded as the code words them now."""

from django.db import migrations

REASONS = {
    "The provider is switched off.": "The provider is disabled.",
    "The provider no longer lists it.": "The provider no longer lists the service.",
    "Many of the provider's prices changed alike: accept them.": "The provider's prices need review.",
    "The provider's entry makes no sense.": "The provider lists invalid data.",
    "The provider's price jumped: confirm it.": "Large price change. Needs review.",
    "Its number now stands for something else at the provider: confirm it.": (
        "The provider reused the service ID. Needs review."
    ),
    "The provider refused to sell it: confirm it.": "The provider rejected the service. Needs review.",
    "Its own limits lie outside of the provider's.": "The custom limits are outside the provider's limits.",
    "No price yet: add a markup.": "No price yet. Add a markup.",
    "Its own rate is below the cost.": "The custom rate is below the cost.",
    "The rate is below the smallest margin.": "The rate is below the minimum margin.",
    "The price is too large.": "The rate is too large.",
}


def reword(apps, reasons):
    services = apps.get_model("catalog", "Service").objects
    for old, new in reasons.items():
        services.filter(unavailable_reason=old).update(unavailable_reason=new)


def forwards(apps, schema_editor):
    reword(apps, REASONS)


def backwards(apps, schema_editor):
    reword(apps, {new: old for old, new in REASONS.items()})


class Migration(migrations.Migration):
    dependencies = [("catalog", "0020_plain_texts")]

    operations = [migrations.RunPython(forwards, backwards)]
