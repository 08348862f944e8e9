"""Services that a provider lists under another category, which would change their price rule, wait for staff.

They are sold where they stand, at the price they have, until staff move them. Called as the catalogue follows a list.
"""

from django.db.models import Count, QuerySet
from django.utils.translation import ngettext

from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from providers.catalog.models import Service
from providers.models import Provider


def waiting_moves() -> QuerySet[Service]:
    """The services that wait for a move."""
    return Service.objects.filter(move_waits=True)


def waiting_moves_by_provider() -> list[tuple[int, str, int]]:
    """Each provider of which services wait: its primary key, its name, and how many."""
    rows = waiting_moves().order_by("provider__name").values_list("provider", "provider__name")
    return list(rows.annotate(Count("pk")))


def update_moves_alert(provider: Provider) -> None:
    """Have the alert be open while services of the provider wait. Call it in the transaction that changed them."""

    def look() -> AlertText | None:
        count = waiting_moves().filter(provider=provider).count()
        if not count:
            return None
        title = ngettext(
            "%(provider)s: %(count)s service waits for a move to another category",
            "%(provider)s: %(count)s services wait for a move to another category",
            count,
        )
        detail = ngettext(
            "The provider lists it under another category, where another markup would apply. It is sold as before: "
            "move it in the admin's list of services, filtered by “waits for a move”.",
            "The provider lists them under other categories, where other markups would apply. They are sold as before: "
            "move them in the admin's list of services, filtered by “waits for a move”.",
            count,
        )
        told = {"provider": provider, "count": f"{count:,}"}
        return AlertText(Alert.Level.WARNING, title % told, detail)

    follow_condition(subject=f"moves:{provider.pk}", look=look)
