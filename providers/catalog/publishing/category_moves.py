"""Services that a provider moved to a category with another markup wait for staff.

They stay in their category, at their price, until staff move them. Called when the catalog is updated.
"""

from django.db.models import Count, QuerySet
from django.utils.translation import ngettext

from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from providers.catalog.models import Service
from providers.models import Provider


def waiting_moves() -> QuerySet[Service]:
    """The services with a pending category change."""
    return Service.objects.filter(move_waits=True)


def waiting_moves_by_provider() -> list[tuple[int, str, int]]:
    """Each provider with pending category changes: its primary key, its name, and how many."""
    rows = waiting_moves().order_by("provider__name").values_list("provider", "provider__name")
    return list(rows.annotate(Count("pk")))


def update_moves_alert(provider: Provider) -> None:
    """Open the alert while the provider has pending category changes, else close it. Call it in their transaction."""

    def condition() -> AlertText | None:
        count = waiting_moves().filter(provider=provider).count()
        if not count:
            return None
        title = ngettext(
            "%(provider)s: %(count)s service has a pending category change",
            "%(provider)s: %(count)s services have a pending category change",
            count,
        )
        detail = ngettext(
            "The provider moved it to a category with another markup. It stays on sale as before. To apply the change, "
            "filter the services in the admin by “category change pending” and move it.",
            "The provider moved them to categories with other markups. They stay on sale as before. To apply the "
            "changes, filter the services in the admin by “category change pending” and move them.",
            count,
        )
        facts = {"provider": provider, "count": f"{count:,}"}
        return AlertText(Alert.Level.WARNING, title % facts, detail)

    follow_condition(subject=f"moves:{provider.pk}", look=condition)
