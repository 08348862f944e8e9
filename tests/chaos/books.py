"""Reads the three books for `truth`: over the simulators' control, and from the run's database."""

import re
from collections.abc import Iterable
from decimal import Decimal

from orders.models import Attempt, Order
from orders.rules.states import UNCONFIRMED_STATES
from panel.wallet.models import Account, Transfer
from tests.chaos.customers import Book
from tests.chaos.services import World
from tests.chaos.shop import CREDIT, Shop
from tests.chaos.truth import Books, Bought, Ours, Told

TAG = re.compile(r"tag-[0-9]+-[0-9]+-end")


def read_books(*, world: World, shop: Shop, book: Book) -> Books:
    """Everything that was written down anywhere."""
    wallets = dict(Account.objects.filter(customer__isnull=False).values_list("customer", "balance"))
    charges = Transfer.objects.filter(key__startswith="charge:").values_list("key", flat=True)
    return Books(
        bought=[bought for name in world.simulators for bought in _bought(world, name)],
        ours=list(_ours()),
        told=[Told(wish.tag, wish.customer, wish.order, bool(wish.refused)) for wish in book.wishes],
        spent={name: micro(Decimal(sim.call("money")["spent"])) for name, sim in world.simulators.items()},
        credits={person.pk: micro(CREDIT) for person in shop.customers},
        wallets={person.pk: micro(wallets[person.pk]) for person in shop.customers},
        charges=frozenset(int(key.partition(":")[2]) for key in charges),
    )


def micro(amount: Decimal) -> int:
    """Millionths."""
    return int(amount.scaleb(6))


def tag_of(link: str) -> str:
    found = TAG.search(link)
    return found.group() if found else link


def _bought(world: World, provider: str) -> Iterable[Bought]:
    for row in world.simulators[provider].call("orders"):
        yield Bought(
            provider=provider,
            id=row["id"],
            tag=tag_of(row["link"]),
            quantity=row["quantity"],
            kept=micro(Decimal(row["kept"])),
            word=row["status"],
            remains=int(row["remains"]),
        )


def _ours() -> Iterable[Ours]:
    evidence = _evidence()
    for order in Order.objects.select_related("provider").order_by("pk"):
        yield Ours(
            pk=order.pk,
            tag=tag_of(order.link),
            customer=order.customer_id,
            token=order.client_token or "",
            provider=order.provider.name,
            linked=order.provider_order_id or "",
            state=order.state,
            quantity=order.quantity,
            charge=micro(order.charge),
            refunded=micro(order.refunded),
            cost=micro(order.cost),
            evidence=evidence.get(order.pk, ""),
        )


def _evidence() -> dict[int, str]:
    """Of each doubtful order: why its attempt was in doubt, and what the looks at the provider brought."""
    doubts = Attempt.objects.filter(
        order__state__in=UNCONFIRMED_STATES, outcome=Attempt.Outcome.UNKNOWN, probe__isnull=False
    )
    rows = doubts.exclude(reason="").exclude(probe__reason="").values_list("order", "reason", "probe__reason")
    return {order: f"{why} {found}" for order, why, found in rows}
