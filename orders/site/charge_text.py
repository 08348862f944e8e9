"""How a charge comes about, in a sentence for the customer. Pure; for words that were read as an order's before."""

from collections.abc import Mapping

from orders.rules.service_types import ServiceType
from panel.web.formatting import duration_text


def charge_note(*, kind: ServiceType, words: Mapping[str, str]) -> str:
    """The sentence; empty where the charge explains itself."""
    if kind.is_subscription:
        posts = int(words["posts"]) + int(words.get("old_posts") or "0")
        return (
            f"Held for {posts:,} {'post' if posts == 1 else 'posts'} of up to {int(words['max']):,} each. "
            "You pay for the posts that are served; the rest comes back when it ends."
        )
    if kind.is_per_package:
        return "A package costs its price once."
    if words.get("runs", "").strip() and words.get("interval", "").strip():
        return _drip_feed(runs=int(words["runs"]), minutes=int(words["interval"]))
    return ""


def _drip_feed(*, runs: int, minutes: int) -> str:
    if runs == 1:
        return "One run, at once."
    every, last = duration_text(60 * minutes), duration_text(60 * minutes * (runs - 1))
    return f"{runs:,} runs, one every {every}: the last starts after {last}."
