"""Three books side by side: what the providers know, our orders with their money, and what customers were told.

Pure: `books.py` reads them, `find_faults` names every difference, each in one of the categories of `FAULTS`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

FAULTS = (
    "lost", "bought twice", "swapped", "refunded though bought", "refund wrong", "cost wrong", "money unexplained",
    "wallet wrong", "doubt without evidence", "customer deceived",
)  # fmt: skip
WORDS = {"COMPLETED": "Completed", "PARTIAL": "Partial", "CANCELED": "Canceled"}
DOUBTFUL = frozenset({"UNCONFIRMED", "REVIEW"})


@dataclass(frozen=True, slots=True)
class Bought:
    """An order as the provider has it. Amounts are in millionths."""

    provider: str
    id: str
    tag: str
    quantity: int
    kept: int
    word: str
    remains: int


@dataclass(frozen=True, slots=True)
class Ours:
    """An order of ours. `linked` is its id at the provider; `evidence` is what is known of a doubtful one."""

    pk: int
    tag: str
    customer: int
    token: str
    provider: str
    linked: str
    state: str
    quantity: int
    charge: int
    refunded: int
    cost: int
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a customer saw of a wish: the order's number where one was confirmed. `is_refused`: that there is none."""

    tag: str
    customer: int
    order: int | None
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Books:
    """All that was written down. `spent` is by provider, wallets are by customer: opening credit and what is left."""

    bought: Sequence[Bought]
    ours: Sequence[Ours]
    told: Sequence[Told]
    spent: Mapping[str, int]
    credits: Mapping[int, int]
    wallets: Mapping[int, int]
    charges: frozenset[int] = field(default_factory=frozenset)
    """The orders that some transfer is a charge for."""


def find_faults(books: Books) -> dict[str, list[str]]:
    """Every difference, by its category; a category without any is left out."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    by_tag: defaultdict[str, list[Bought]] = defaultdict(list)
    for bought in books.bought:
        by_tag[bought.tag].append(bought)
    by_id = {(bought.provider, bought.id): bought for bought in books.bought}
    for order in books.ours:
        for category, text in _order_faults(order, by_tag[order.tag], by_id):
            found[category].append(f"order {order.pk} ({order.state}): {text}")
    for category, text in (*_unknown_tags(books, by_tag), *_money(books, by_tag), *_customers(books)):
        found[category].append(text)
    return dict(found)


def _order_faults(
    order: Ours, created: Sequence[Bought], by_id: Mapping[tuple[str, str], Bought]
) -> Iterator[tuple[str, str]]:
    if len(created) > 1:
        yield "bought twice", f"the providers have it as {', '.join(bought.id for bought in created)}"
    if order.linked:
        yield from _linked_faults(order, by_id.get((order.provider, order.linked)))
    elif order.state in DOUBTFUL:
        if not order.evidence:
            yield "doubt without evidence", "nothing tells why it is in doubt"
        if order.state != "REVIEW":
            yield "lost", "it never came before a person"
        if order.refunded or order.cost:
            yield "refund wrong", f"{order.refunded} refunded and {order.cost} booked while it is in doubt"
    elif order.state in ("REJECTED", "CANCELED"):
        if created:
            yield "refunded though bought", f"the provider has it as {created[0].id}"
        if order.refunded != order.charge or order.cost:
            yield "refund wrong", f"{order.refunded} of {order.charge} refunded, {order.cost} booked as cost"
    else:
        yield "lost", "it has no end"


def _linked_faults(order: Ours, bought: Bought | None) -> Iterator[tuple[str, str]]:
    if bought is None:
        yield "lost", f"the provider does not know {order.linked}"
        return
    if bought.tag != order.tag:
        yield "swapped", f"{order.linked} is the provider's order for {bought.tag}"
        return
    if WORDS.get(order.state) != bought.word:
        yield "lost", f"the provider says {bought.word}"
        return
    target = refund_of(order, bought)
    if order.refunded != target:
        yield "refund wrong", f"{order.refunded} of {order.charge} refunded, not {target}"
    if order.cost != bought.kept:
        yield "cost wrong", f"{order.cost} booked, the provider kept {bought.kept}"


def refund_of(order: Ours, bought: Bought) -> int:
    """What has to have been refunded, in millionths."""
    if bought.word == "Partial":
        return order.charge * bought.remains // order.quantity
    return order.charge if bought.word == "Canceled" else 0


def _unknown_tags(books: Books, by_tag: Mapping[str, Sequence[Bought]]) -> Iterator[tuple[str, str]]:
    known = {order.tag for order in books.ours}
    for tag in sorted(set(by_tag) - known):
        yield "lost", f"the provider has an order for {tag}, we have none"


def _money(books: Books, by_tag: Mapping[str, Sequence[Bought]]) -> Iterator[tuple[str, str]]:
    for provider, spent in books.spent.items():
        booked = sum(order.cost for order in books.ours if order.provider == provider)
        doubtful = [order.tag for order in books.ours if order.state in DOUBTFUL]
        at_risk = sum(b.kept for tag in doubtful for b in by_tag.get(tag, ()) if b.provider == provider)
        if spent != booked + at_risk:
            yield "money unexplained", f"{provider}: {spent - booked - at_risk} millionths spent beyond our books"
    spent_by: defaultdict[int, int] = defaultdict(int)
    for order in books.ours:
        spent_by[order.customer] += order.charge - order.refunded
    for customer, credit in books.credits.items():
        if books.wallets[customer] != credit - spent_by[customer]:
            yield (
                "wallet wrong",
                f"customer {customer} has {books.wallets[customer]}, not {credit - spent_by[customer]}",
            )
    for pk in sorted(books.charges ^ {order.pk for order in books.ours}):
        yield "wallet wrong", f"order {pk} and its charge do not go together"


def _customers(books: Books) -> Iterator[tuple[str, str]]:
    orders: defaultdict[str, list[Ours]] = defaultdict(list)
    for order in books.ours:
        orders[order.tag].append(order)
    for told in books.told:
        found = orders.pop(told.tag, [])
        if len(found) > 1:
            yield "customer deceived", f"{told.tag}: wished once, ordered as {', '.join(str(one.pk) for one in found)}"
        elif told.order is not None and [(one.pk, one.customer) for one in found] != [(told.order, told.customer)]:
            yield "customer deceived", f"{told.tag}: confirmed as order {told.order}, which it is not"
        elif told.is_refused and found:
            yield "customer deceived", f"{told.tag}: refused, and yet order {found[0].pk}"
    for tag in sorted(orders):
        yield "customer deceived", f"{tag}: ordered, and nobody wished for it"
