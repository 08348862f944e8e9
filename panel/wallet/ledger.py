"""The only code that moves money. Every function is called inside the caller's transaction and moves all or nothing.

House accounts: held (paid, not yet delivered), revenue, gateway in the shop's currency; `provider:<id>` (our
prepaid money there) and `cost:<id>` in the provider's; adjustment, suspense (nobody knows yet) and loss in each. A
transfer's key says what it is, and the database refuses it a second time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from panel.customers.models import User
from panel.lib.database.bulk import insert_row, update_rows
from panel.lib.database.fields import AmountField
from panel.lib.money import AmountError, to_micro
from panel.wallet.models import Account, Transfer

HELD = "held"
REVENUE = "revenue"
ADJUSTMENT = "adjustment"
SUSPENSE = "suspense"
LOSS = "loss"

_TAKE = "UPDATE wallet_account SET balance = balance - %s WHERE customer_id = %s AND balance >= %s RETURNING id"
_HOUSE = "SELECT id FROM wallet_account WHERE house = %s AND currency = %s"


class NotEnoughFundsError(Exception):
    """The balance is lower than the charge."""

    def __init__(self, *, charge: Decimal) -> None:
        super().__init__(_("The balance is too low."))
        self.charge = charge


@dataclass(frozen=True, slots=True)
class Move:
    """A transfer to be written by `transfer`: `amount` in the currency of both accounts."""

    key: str
    source: int
    target: int
    amount: Decimal
    cause: str
    note: str = ""


def wallet_of(*, user: User) -> Account:
    """The customer's wallet, created on first use."""
    wallet = Account.objects.filter(customer=user).first()
    if wallet is None:
        wallet, _created = Account.objects.get_or_create(
            customer=user, defaults={"currency": settings.CURRENCY, "balance": Decimal(0)}
        )
    return wallet


def lock_wallet(*, user: User) -> None:
    """Lock the wallet until the caller's transaction ends."""
    wallet = wallet_of(user=user)
    Account.objects.select_for_update(no_key=True, of=("self",)).get(pk=wallet.pk)


def house_account(*, house: str, currency: str) -> Account:
    """The house account of that name and currency, created on first use."""
    account = Account.objects.filter(house=house, currency=currency).first()
    if account is None:
        account, _created = Account.objects.get_or_create(house=house, currency=currency)
    return account


def house_accounts() -> dict[tuple[str, str], int]:
    """The primary keys of all house accounts, by name and currency."""
    return {
        (house, currency): pk
        for pk, house, currency in Account.objects.filter(customer=None).values_list("pk", "house", "currency")
    }


def charge(*, customer: User, amount: Decimal, key: str, cause: str) -> None:
    """Take `amount` from the customer's wallet into held. Raises NotEnoughFundsError, and then nothing has moved."""
    # In plain SQL, since every order waits for it: the ORM would take three times as long to write the same statements.
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [to_micro(amount), customer.pk, to_micro(amount)])
        wallet = cursor.fetchone()
        cursor.execute(_HOUSE, [HELD, settings.CURRENCY])
        held = cursor.fetchone()
    if wallet is None:
        raise NotEnoughFundsError(charge=amount)
    target = held[0] if held else house_account(house=HELD, currency=settings.CURRENCY).pk
    insert_row(_row(Move(key=key, source=wallet[0], target=target, amount=amount, cause=cause)))


def credit_wallet(*, user: User, amount: Decimal, key: str, note: str = "", source: str = ADJUSTMENT) -> Transfer:
    """Put `amount` into the customer's wallet, from a house account."""
    with transaction.atomic():
        wallet = wallet_of(user=user)
        house = house_account(house=source, currency=wallet.currency)
        return transfer([Move(key=key, source=house.pk, target=wallet.pk, amount=amount, cause="", note=note)])[0]


def debit_wallet(*, user: User, amount: Decimal, key: str, note: str = "", target: str = ADJUSTMENT) -> Transfer:
    """Take `amount` out of the customer's wallet, to a house account. Raises NotEnoughFundsError; nothing has moved."""
    with transaction.atomic():
        wallet = wallet_of(user=user)
        house = house_account(house=target, currency=wallet.currency)
        if not _take(wallet.pk, amount):
            raise NotEnoughFundsError(charge=amount)
        return _write([Move(key=key, source=wallet.pk, target=house.pk, amount=amount, cause="", note=note)])[0]


def record_deposit(
    *, account: str, currency: str, amount: Decimal, key: str, note: str = "", against: str = ADJUSTMENT
) -> Transfer:
    """Book a deposit of ours at a provider, or with a negative `amount` money that left the provider's account."""
    theirs = house_account(house=account, currency=currency)
    ours = house_account(house=against, currency=currency)
    source, target = (ours, theirs) if amount > 0 else (theirs, ours)
    return transfer([Move(key=key, source=source.pk, target=target.pk, amount=abs(amount), cause="", note=note)])[0]


def transfer(moves: Sequence[Move]) -> list[Transfer]:
    """Write the moves and bring the wallets among them up to date, locked in order. All or nothing.

    A wallet that would fall below zero raises IntegrityError: `charge` is the way to take money that may not be there.
    """
    with transaction.atomic():
        touched = {pk for move in moves for pk in (move.source, move.target)}
        wallets = Account.objects.filter(pk__in=touched, customer__isnull=False).order_by("pk")
        locked = wallets.select_for_update(no_key=True, of=("self",)).values_list("pk", "balance")
        held = {pk: balance for pk, balance in locked if balance is not None}
        now = dict(held)
        for move in moves:
            if move.source in now:
                now[move.source] -= move.amount
            if move.target in now:
                now[move.target] += move.amount
        rows = [(pk, now[pk], held[pk]) for pk in held]
        if len(update_rows(Account, rows, fields=["balance"], guard=["balance"])) != len(rows):
            raise RuntimeError("A wallet changed under its lock.")
        return _write(moves)


def balance(*, account: Account) -> Decimal:
    """The balance of the account: the sum of its transfers. One query."""
    return _only_balance(Account.objects.filter(pk=account.pk))


def house_balance(*, house: str, currency: str) -> Decimal:
    """The balance of the house account of that name; 0 before its first use. One query."""
    return _only_balance(Account.objects.filter(house=house, currency=currency))


def with_counted(accounts: QuerySet[Account]) -> QuerySet[Any]:
    """The accounts with `counted`, what they hold by their transfers: the checkpoint and what came since.

    Both are read by one statement, thus as they are at one moment.
    """
    since = Coalesce(OuterRef("checkpoint__upto"), 0)
    came, went = (
        Subquery(
            Transfer.objects.filter(**{side: OuterRef("pk")}, pk__gt=since)
            .order_by()
            .values(side)
            .annotate(sum=Sum("amount"))
            .values("sum")
        )
        for side in ("target", "source")
    )
    counted = Coalesce(F("checkpoint__balance"), 0) + Coalesce(came, 0) - Coalesce(went, 0)
    return accounts.annotate(counted=ExpressionWrapper(counted, output_field=AmountField()))


def _only_balance(accounts: QuerySet[Account]) -> Decimal:
    found: Decimal | None = with_counted(accounts).values_list("counted", flat=True).first()
    return found or Decimal(0)


def _take(wallet: int, amount: Decimal) -> bool:
    """Take `amount` out of the wallet's kept balance in one statement; False where there is less."""
    rest = F("balance") - Value(amount, output_field=AmountField())
    return Account.objects.filter(pk=wallet, balance__gte=amount).update(balance=rest) == 1


def _write(moves: Sequence[Move]) -> list[Transfer]:
    return Transfer.objects.bulk_create([_row(move) for move in moves])


def _row(move: Move) -> Transfer:
    if move.amount <= 0:
        raise AmountError(f"A transfer moves more than nothing: {move.key}.")
    return Transfer(
        key=move.key,
        source_id=move.source,
        target_id=move.target,
        amount=move.amount,
        cause=move.cause,
        note=move.note[:200],
    )
