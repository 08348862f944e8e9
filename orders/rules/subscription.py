"""What a subscription's status means for its money: each delivered post is paid for, the rest comes back. Pure.

The hold is max x posts units, old posts too. Providers tell how many posts were served, not how large each one's order
was, so that a delivered post is charged by the max.
"""

from collections.abc import Mapping
from dataclasses import replace

from providers.adapters.base import OrderStatus, ReportedStatus

TYPE = "Subscriptions"
_ENDED = frozenset({ReportedStatus.COMPLETED, ReportedStatus.EXPIRED, ReportedStatus.CANCELED, ReportedStatus.PARTIAL})


def post_units(fields: Mapping[str, str]) -> int:
    """How many units a served post is charged as."""
    return int(fields["max"])


def by_posts(status: OrderStatus, *, fields: Mapping[str, str], quantity: int) -> OrderStatus:
    """The status in units: `remains` are those of the posts not served, and an end is by how many they are.

    An end that does not tell its posts is Partial without remains, and one with more posts than were ordered Partial
    with remains below zero: neither moves money.
    """
    if status.word not in _ENDED:
        return status if status.posts is None else replace(status, remains=_left(status.posts, fields, quantity))
    if status.posts is None:
        return _with_known_charge(replace(status, word=ReportedStatus.PARTIAL, remains=None))
    remains = quantity - post_units(fields) * status.posts if status.posts >= 0 else -1
    word = {0: ReportedStatus.COMPLETED, quantity: ReportedStatus.CANCELED}.get(remains, ReportedStatus.PARTIAL)
    return _with_known_charge(replace(status, word=word, remains=remains))


def _left(posts: int, fields: Mapping[str, str], quantity: int) -> int:
    return min(max(quantity - post_units(fields) * posts, 0), quantity)


def _with_known_charge(ended: OrderStatus) -> OrderStatus:
    """A charge of zero says that none was reckoned yet, unless no post was served: a served one is not free."""
    return ended if ended.charge or ended.word == ReportedStatus.CANCELED else replace(ended, charge=None)
