"""Recount the ledger from its transfers alone. Called by the ledger check; reads only.

Everything is recounted from the first transfer on, or the wallets alone from the accounts' checkpoints on.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import F, Sum

from panel.ops.settled import settled_id
from panel.wallet.ledger import with_counted
from panel.wallet.models import Account, Transfer

STEP = 1_000_000
"""Transfers that one statement adds up."""


@dataclass(slots=True)
class PairSums:
    """What went from which account to which, in the transfers up to the id `upto`."""

    upto: int = 0
    sums: defaultdict[tuple[int, int], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, *, upto: int) -> None:
        """Add the next transfers, up to that id."""
        found = Transfer.objects.filter(pk__gt=self.upto, pk__lte=upto).order_by()
        for source, target, amount in found.values_list("source", "target").annotate(sum=Sum("amount")):
            self.sums[source, target] += amount
        self.upto = upto

    def by_account(self) -> defaultdict[int, Decimal]:
        """What each account holds by these transfers."""
        found: defaultdict[int, Decimal] = defaultdict(Decimal)
        for (source, target), amount in self.sums.items():
            found[source] -= amount
            found[target] += amount
        return found


def recount_wallets() -> list[str]:
    """Every wallet, checkpoint and transfer that is not as the transfers say, a line each. All of one snapshot."""
    return recount_accounts(add_up_settled())


def add_up_settled() -> PairSums:
    """The sums of the settled transfers. Those stay as they are: many short statements need no common snapshot."""
    sums, settled = PairSums(), settled_id(model=Transfer)
    while sums.upto < settled:
        sums.add(upto=min(sums.upto + STEP, settled))
    return sums


def recount_accounts(sums: PairSums) -> list[str]:
    """Add what came after these sums, and hold the accounts against all of it, as it is in the caller's snapshot."""
    newest: int = Transfer.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    while sums.upto < newest:
        sums.add(upto=min(sums.upto + STEP, newest))
    held = sums.by_account()
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
    """The wallets that do not hold what their checkpoints and the transfers since come to."""
    wallets = with_counted(Account.objects.filter(customer__isnull=False)).exclude(balance=F("counted"))
    return [_differs(*values) for values in wallets.order_by("pk").values_list("pk", "balance", "counted")]


def _differs(pk: int, balance: Decimal | None, held: Decimal) -> str:
    return f"wallet {pk}: holds {balance}, its transfers come to {held}"


def _between_currencies(sums: PairSums) -> list[str]:
    currencies = dict(Account.objects.values_list("pk", "currency"))
    mixed = [pair for pair in sums.sums if currencies[pair[0]] != currencies[pair[1]]]
    return [
        f"transfer {key}: joins two currencies"
        for source, target in mixed
        for key in Transfer.objects.filter(source=source, target=target).order_by("pk").values_list("key", flat=True)
    ]
