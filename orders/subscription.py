"""What a subscription's status means for its money: each delivered post is paid for, the rest comes back. Pure.

The hold is max x posts units, old posts too. Providers tell how many posts were served, not how large each one's order
was, so that a delivered post is charged by the max.
"""

from collections.abc import Mapping
from dataclasses import replace

from providers.adapters.base import OrderStatus, StatusWord

TYPE = "Subscriptions"
_ENDED = frozenset({StatusWord.COMPLETED, StatusWord.EXPIRED, StatusWord.CANCELED, StatusWord.PARTIAL})


def post_units(fields: Mapping[str, str]) -> int:
    """How many units a served post is charged as."""
    return int(fields["max"])


def by_posts(status: OrderStatus, *, fields: Mapping[str, str], quantity: int) -> OrderStatus:
    """The status in units: `remains` are those of the posts not served, and an end is by how many they are.

    An end that does not tell its posts is Partial without remains, and one with more posts than were ordered Partial
    with remains below zero: neither moves money.
    """
    if status.posts is None:
        return replace(status, word=StatusWord.PARTIAL, remains=None) if status.word in _ENDED else status
    remains = quantity - post_units(fields) * status.posts if status.posts >= 0 else -1
    if status.word not in _ENDED:
        return replace(status, remains=min(max(remains, 0), quantity))
    word = {0: StatusWord.COMPLETED, quantity: StatusWord.CANCELED}.get(remains, StatusWord.PARTIAL)
    return replace(status, word=word, remains=remains)
