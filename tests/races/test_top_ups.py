"""Two members of staff who decide on one top-up at the same moment: one of them does, and it is credited once."""

from decimal import Decimal

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from panel.customers.models import User
from panel.wallet.deposits.deposits import DepositDecidedError, approve_deposit, report_deposit
from panel.wallet.models import PaymentMethod, TopUp
from panel.wallet.statement import wallet_balance
from tests.races.test_orders import RIVALS, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_top_up_is_credited_once() -> None:
    ada = User.objects.create_user("ada@example.com")
    bank = PaymentMethod.objects.create(name="Bank", instructions="Pay.")
    asked = report_deposit(
        customer=ada, method_id=bank.pk, amount=Decimal(50), reference="Ada", token="a" * 32, now=timezone.now()
    )

    def approve() -> TopUp:
        return approve_deposit(deposit_id=asked.pk, amount=Decimal(50), note="", actor="staff", now=timezone.now())

    came = at_once(*[approve] * RIVALS)
    assert sum(isinstance(one, TopUp) for one in came) == 1
    assert sum(isinstance(one, DepositDecidedError) for one in came) == RIVALS - 1
    assert wallet_balance(user=ada) == 50
    assert audit_all() == []
