"""How a charge comes about, in a sentence for the customer. Pure; for words that were read as an order's before."""

from collections.abc import Mapping

from orders.kinds import Kind


def charge_note(*, kind: Kind, words: Mapping[str, str]) -> str:
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
    return f"{runs:,} runs, one every {_duration(minutes)}: the last starts after {_duration(minutes * (runs - 1))}."


def _duration(minutes: int) -> str:
    """Minutes in the two largest units that say something."""
    parts = []
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count:,} {name}{'' if count == 1 else 's'}")
    return " ".join(parts[:2])
