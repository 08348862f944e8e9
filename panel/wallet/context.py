"""Gives templates the balance of the signed-in customer. It is read only where a template uses it."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache

from django.http import HttpRequest

from panel.customers.models import User
from panel.wallet.statement import wallet_balance


def wallet(request: HttpRequest) -> dict[str, Callable[[], Decimal | None]]:
    """`wallet_balance` for all templates: in the shop's currency, None if nobody is signed in."""

    @cache
    def balance() -> Decimal | None:
        user = getattr(request, "user", None)
        return wallet_balance(user=user) if isinstance(user, User) else None

    return {"wallet_balance": balance}
