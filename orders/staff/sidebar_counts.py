"""The counts beside the staff entries of the sidebar, on every page that staff see."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from orders.aftercare.unanswered_requests import unanswered
from orders.staff.overview import orders_for_review
from panel.lib.database.counts import count_each
from panel.ops.models import Alert
from panel.wallet.approvals.requests import waiting_requests
from providers.catalog.review.pending_review import all_pending_review


def staff_counts(request: HttpRequest) -> dict[str, Any]:
    """A context processor: `sidebar_counts` for staff, counted where a page shows them; nothing for anyone else."""
    if not getattr(getattr(request, "user", None), "is_staff", False):
        return {}
    return {"sidebar_counts": SimpleLazyObject(count_for_staff)}


def count_for_staff() -> dict[str, int]:
    """Counts by page name. Approvals are left out where the setting is off and none waits."""
    counts = count_each(
        staff_approvals=waiting_requests().values("pk"),
        staff_doubtful=orders_for_review(),
        staff_requests=unanswered(),
        staff_changes=all_pending_review(),
        staff_alerts=Alert.objects.filter(closed_at__isnull=True).values("pk"),
    )
    if not settings.SECOND_APPROVAL_ABOVE and not counts["staff_approvals"]:
        del counts["staff_approvals"]
    return counts
