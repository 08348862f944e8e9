"""The ledger: small stories with amounts, and what the database itself refuses."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from panel.customers.models import User
from panel.lib.money import AmountError
from panel.wallet import ledger
from panel.wallet.audit import recount_wallets
from panel.wallet.ledger import Move, NotEnoughFundsError
from panel.wallet.models import Account, Transfer


@pytest.fixture
def ada(db: None) -> User:
    user = User.objects.create_user("ada@example.com")
    ledger.credit_wallet(user=user, amount=Decimal(10), key="credit:1")
    return user


def balance(name: str, currency: str = "USD") -> Decimal:
    held = ledger.balance(account=ledger.house_account(house=name, currency=currency))
    assert ledger.house_balance(house=name, currency=currency) == held
    return held


def wallet(user: User) -> Decimal | None:
    return Account.objects.get(customer=user).balance


def test_money_moves_and_the_sum_stays_zero(ada: User) -> None:
    ledger.charge(customer=ada, amount=Decimal("3.000001"), key="charge:1", cause="order:1")

    assert (wallet(ada), balance("held"), balance("adjustment")) == (Decimal("6.999999"), Decimal("3.000001"), -10)
    assert recount_wallets() == []


def test_a_wallet_pays_to_the_last_millionth_and_not_one_more(ada: User) -> None:
    ledger.charge(customer=ada, amount=Decimal("9.999999"), key="charge:1", cause="")
    with pytest.raises(NotEnoughFundsError):
        ledger.charge(customer=ada, amount=Decimal("0.000002"), key="charge:2", cause="")
    ledger.charge(customer=ada, amount=Decimal("0.000001"), key="charge:3", cause="")

    assert wallet(ada) == 0
    assert list(Transfer.objects.order_by("pk").values_list("key", flat=True)) == ["credit:1", "charge:1", "charge:3"]


def test_a_customer_without_a_wallet_cannot_pay(db: None) -> None:
    user = User.objects.create_user("new@example.com")

    with pytest.raises(NotEnoughFundsError):
        ledger.charge(customer=user, amount=Decimal(1), key="charge:1", cause="")
    assert Transfer.objects.count() == 0


def test_a_transfer_happens_once(ada: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.credit_wallet(user=ada, amount=Decimal(10), key="credit:1")

    assert wallet(ada) == 10
    assert Transfer.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "-1", "0.0000001"])
def test_what_is_no_movement_is_refused(ada: User, amount: str) -> None:
    with pytest.raises(AmountError), transaction.atomic():
        ledger.credit_wallet(user=ada, amount=Decimal(amount), key="credit:2")

    assert (wallet(ada), Transfer.objects.count()) == (10, 1)


def test_moves_are_written_together_or_not_at_all(ada: User) -> None:
    held = ledger.house_account(house="held", currency="USD").pk
    mine = ledger.wallet_of(user=ada).pk
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.transfer([Move("a:1", mine, held, Decimal(4), ""), Move("a:2", mine, held, Decimal(7), "")])

    assert (wallet(ada), balance("held")) == (10, 0)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE wallet_transfer SET amount = 1",
        "UPDATE wallet_transfer SET note = 'x'",
        "DELETE FROM wallet_transfer",
    ],
)
def test_the_database_keeps_transfers_as_they_are(ada: User, sql: str) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    assert Transfer.objects.get().amount == 10


def test_the_database_refuses_a_negative_wallet(ada: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(customer=ada).update(balance=Decimal("-0.000001"))


def test_a_deposit_goes_both_ways_in_the_providers_currency(db: None) -> None:
    ledger.record_deposit(account="provider:1", currency="EUR", amount=Decimal(50), key="deposit:1")
    ledger.record_deposit(account="provider:1", currency="EUR", amount=Decimal("-20.5"), key="deposit:2")

    assert (balance("provider:1", "EUR"), balance("adjustment", "EUR")) == (Decimal("29.5"), Decimal("-29.5"))
    assert balance("adjustment", "USD") == 0


def test_a_recount_finds_what_was_changed_behind_its_back(ada: User) -> None:
    Account.objects.filter(customer=ada).update(balance=Decimal(11))

    (difference,) = recount_wallets()
    assert difference.endswith("holds 11.000000, its transfers come to 10.000000")


def test_a_recount_finds_a_transfer_between_currencies(ada: User) -> None:
    euros = ledger.house_account(house="held", currency="EUR").pk
    ledger.transfer([Move("odd:1", euros, ledger.house_account(house="held", currency="USD").pk, Decimal(1), "")])

    assert recount_wallets() == ["transfer odd:1: joins two currencies"]
