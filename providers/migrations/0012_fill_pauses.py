from typing import Any

from django.db import migrations


def fill_pauses(apps: Any, schema_editor: Any) -> None:
    """Every paused provider's reason becomes a row; one held for its list's currency is paused for the list."""
    providers = apps.get_model("providers", "Provider").objects
    pause_model = apps.get_model("providers", "Pause")
    paused = providers.exclude(paused_reason="").values_list("pk", "paused_reason", "held_list")
    pause_model.objects.bulk_create(
        pause_model(provider_id=pk, reason="list-currency" if reason == held == "currency" else reason)
        for pk, reason, held in paused
    )


def keep_one_reason(apps: Any, schema_editor: Any) -> None:
    """The first reason of each provider goes back into its row."""
    providers = apps.get_model("providers", "Provider").objects
    pause_model = apps.get_model("providers", "Pause")
    for pause in pause_model.objects.order_by("-since", "-pk"):
        reason = "currency" if pause.reason == "list-currency" else pause.reason
        providers.filter(pk=pause.provider_id).update(paused_reason=reason)
    pause_model.objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("providers", "0011_pause")]

    operations = [migrations.RunPython(fill_pauses, keep_one_reason)]
