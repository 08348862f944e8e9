"""Recount the ledger from its transfers alone. Called by the books' check."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import F, Sum

from panel.wallet.models import Account, Transfer


def recount_wallets() -> list[str]:
    """Every wallet whose kept balance is not the sum of its transfers, and transfers between two currencies."""
    sums: defaultdict[int, Decimal] = defaultdict(Decimal)
    for pk, amount in Transfer.objects.values_list("target").annotate(sum=Sum("amount")):
        sums[pk] += amount
    for pk, amount in Transfer.objects.values_list("source").annotate(sum=Sum("amount")):
        sums[pk] -= amount
    wallets = Account.objects.filter(customer__isnull=False).order_by("pk").values_list("pk", "balance")
    differences = [
        f"wallet {pk}: holds {balance}, its transfers come to {sums[pk]}"
        for pk, balance in wallets
        if balance != sums[pk]
    ]
    mixed = Transfer.objects.exclude(source__currency=F("target__currency"))
    return differences + [f"transfer {key}: joins two currencies" for key in mixed.values_list("key", flat=True)]
