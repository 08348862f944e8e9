"""A recovery code that is sent twice at the same moment opens once."""

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from panel.customers.models import RecoveryCode, User
from panel.customers.sign_in.recovery_codes import make_recovery_codes, use_recovery_code
from tests.races.test_orders import RIVALS, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def factor() -> Authenticator:
    user = User.objects.create_user("ana@example.com")
    factor: Authenticator = Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    return factor


def test_one_code_opens_once(factor: Authenticator) -> None:
    code = make_recovery_codes(authenticator=factor)[0]
    results = at_once(*[lambda: use_recovery_code(user=factor.user, text=code, now=timezone.now())] * RIVALS)
    assert sorted(result is not None for result in results) == [False] * (RIVALS - 1) + [True]
    assert RecoveryCode.objects.unused().count() == 9


def test_codes_that_are_made_twice_at_once_are_ten(factor: Authenticator) -> None:
    made = at_once(*[lambda: make_recovery_codes(authenticator=factor)] * 3)
    assert all(len(codes) == 10 for codes in made)
    assert RecoveryCode.objects.count() == 10
    opened = [use_recovery_code(user=factor.user, text=codes[0], now=timezone.now()) for codes in made]
    assert sorted(one is not None for one in opened) == [False, False, True]
