"""Explains how the charge of an order is calculated, in a sentence for the customer. Pure."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.rules.service_types import ServiceType
from panel.web.formatting import duration_text


def charge_note(*, service_type: ServiceType, fields: Mapping[str, str]) -> str:
    """The sentence for valid order fields; empty where the charge needs no explanation."""
    if service_type.is_subscription:
        posts = int(fields["posts"]) + int(fields.get("old_posts") or "0")
        text = ngettext(
            "We reserve the price of %(posts)s post with up to %(max)s units. "
            "Unused posts are refunded when the subscription ends.",
            "We reserve the price of %(posts)s posts with up to %(max)s units each. "
            "Unused posts are refunded when the subscription ends.",
            posts,
        )
        return text % {"posts": f"{posts:,}", "max": f"{int(fields['max']):,}"}
    if service_type.is_per_package:
        return _("Fixed price per package.")
    if fields.get("runs", "").strip() and fields.get("interval", "").strip():
        return _drip_feed_note(runs=int(fields["runs"]), minutes=int(fields["interval"]))
    return ""


def _drip_feed_note(*, runs: int, minutes: int) -> str:
    if runs == 1:
        return _("1 run that starts right away.")
    return _("%(runs)s runs, one every %(interval)s. The last one starts after %(duration)s.") % {
        "runs": f"{runs:,}",
        "interval": duration_text(60 * minutes),
        "duration": duration_text(60 * minutes * (runs - 1)),
    }
