"""Everything that is sealed, sealed anew under the newest of DATA_KEYS, so that an older key can be thrown away.

Row by row, each under its lock, so that it may run beside everything else and be run again after it broke off.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import models, transaction

from orders.webhooks.models import Webhook
from panel.customers.sign_in.adapter import SEALED, SecondFactorAdapter
from panel.lib import crypto
from panel.ops.data_keys import PLACE, seal_check
from panel.ops.models import DataKeyCheck
from providers.models import Provider


@dataclass(slots=True)
class Resealed:
    """What it came to, in rows. `unopened` names those that no key opens: they are as they were."""

    resealed: int = 0
    current: int = 0
    unopened: list[str] = field(default_factory=list)


def reseal_all() -> Resealed:
    """Seal every provider's key, webhook's secret and second factor under the newest key where it is not yet."""
    result = Resealed()
    _each(DataKeyCheck, "sealed", _check, result)
    _each(Provider, "sealed_key", _provider, result)
    _each(Webhook, "sealed_secret", _webhook, result)
    _each(Authenticator, "data", _second_factor, result)
    return result


def _each(model: type[models.Model], column: str, reseal: Callable[[Any], bool], result: Resealed) -> None:
    """Seal the column of every row anew by `reseal`, which says whether it had to."""
    rows = model._default_manager
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = rows.select_for_update().filter(pk=pk).first()
            if row is None:
                continue
            try:
                is_resealed = reseal(row)
            except crypto.SealError:
                result.unopened.append(f"{model._meta.verbose_name} {pk}")
                continue
            if is_resealed:
                row.save(update_fields=[column])
        result.resealed += is_resealed
        result.current += not is_resealed


def _check(check: DataKeyCheck) -> bool:
    if _is_current(check.sealed):
        return False
    crypto.unseal(check.sealed, place=PLACE, keys=settings.DATA_KEYS)
    seal_check(check)
    return True


def _provider(provider: Provider) -> bool:
    if _is_current(provider.sealed_key):
        return False
    provider.set_key(provider.open_key())
    return True


def _webhook(webhook: Webhook) -> bool:
    if _is_current(webhook.sealed_secret):
        return False
    webhook.set_secret(webhook.open_secret())
    return True


def _second_factor(factor: Authenticator) -> bool:
    """Whatever is text in there and sealed: a secret, a seed, codes taken over from elsewhere."""
    before = dict(factor.data)
    factor.data = {name: _anew(value) for name, value in before.items()}
    return bool(factor.data != before)


def _anew(value: Any) -> Any:
    if isinstance(value, list):
        return [_anew(one) for one in value]
    if not isinstance(value, str) or not value.startswith(SEALED) or _is_current(value):
        return value
    adapter = SecondFactorAdapter()
    return adapter.encrypt(adapter.decrypt(value))


def _is_current(sealed: str) -> bool:
    return not sealed or crypto.is_sealed_by(sealed, key=settings.DATA_KEYS[0])
