"""Checks balances against the transfers. Called by the ledger check; reads only.

Either all accounts from the first transfer on, or the wallets from the accounts' checkpoints on.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q, Sum

from panel.wallet.ledger import with_counted
from panel.wallet.models import Account, Transfer

PairSums = Mapping[tuple[int, int], Decimal]
"""The sums of transfers between two accounts, by their primary keys."""


def pair_sums(*, since: datetime | None = None, until: datetime | None = None) -> dict[tuple[int, int], Decimal]:
    """The sums of the transfers from `since` until just before `until`. One query."""
    from_then = Q(created_at__gte=since) if since else Q()
    to_then = Q(created_at__lt=until) if until else Q()
    found = Transfer.objects.filter(from_then, to_then).order_by().values_list("source", "target")
    return {(source, target): amount for source, target, amount in found.annotate(sum=Sum("amount"))}


def recount_wallets() -> list[str]:
    """Every wallet and checkpoint that differs from its transfers, and every invalid transfer, a line each."""
    return recount_accounts(pair_sums())


def recount_accounts(sums: PairSums) -> list[str]:
    """Compare the accounts with these sums of all transfers, both from the caller's snapshot."""
    held: defaultdict[int, Decimal] = defaultdict(Decimal)
    for (source, target), amount in sums.items():
        held[source] -= amount
        held[target] += amount
    wallets = Account.objects.filter(customer__isnull=False).order_by("pk").values_list("pk", "balance")
    kept = with_counted(Account.objects.filter(checkpoint__isnull=False)).order_by("pk").values_list("pk", "counted")
    return [
        *(_differs(pk, balance, held[pk]) for pk, balance in wallets if balance != held[pk]),
        *(
            f"checkpoint of account {pk}: makes it {balance}, its transfers come to {held[pk]}"
            for pk, balance in kept
            if balance != held[pk]
        ),
        *_between_currencies(sums),
    ]


def recount_wallets_lately() -> list[str]:
    """The wallets whose balance differs from their checkpoint plus the transfers since."""
    wallets = with_counted(Account.objects.filter(customer__isnull=False)).exclude(balance=F("counted"))
    return [_differs(*values) for values in wallets.order_by("pk").values_list("pk", "balance", "counted")]


def _differs(pk: int, balance: Decimal | None, held: Decimal) -> str:
    return f"wallet {pk}: holds {balance}, its transfers come to {held}"


def _between_currencies(sums: PairSums) -> list[str]:
    currencies = dict(Account.objects.values_list("pk", "currency"))
    mixed = [(source, target) for source, target in sums if currencies[source] != currencies[target]]
    return [
        f"transfer {key}: joins two currencies"
        for source, target in mixed
        for key in Transfer.objects.filter(source=source, target=target).order_by("pk").values_list("key", flat=True)
    ]
