"""A new key is put first in DATA_KEYS: everything is sealed under it, and the old one can go."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command

from orders.operations.key_rotation import reseal_all
from orders.webhooks.models import Webhook
from panel.customers.sign_in.adapter import SecondFactorAdapter
from panel.lib.crypto import SealError, new_key
from panel.lib.secret import Secret
from panel.ops.data_keys import check_data_keys
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(store: Store) -> Webhook:
    webhook = Webhook.objects.create(customer=store.customer, url="https://example.com/", sealed_secret="")
    webhook.set_secret(Secret("a secret of a webhook"))
    webhook.save()
    return webhook


@pytest.fixture
def factors(store: Store) -> list[Authenticator]:
    """A second factor with its codes, sealed, and one from before anything was."""
    seal = SecondFactorAdapter().encrypt
    return [
        store.customer.authenticator_set.create(type="totp", data={"secret": seal("JBSWY3DPEHPK3PXP")}),
        store.customer.authenticator_set.create(
            type="recovery_codes", data={"migrated_codes": [seal("one"), seal("two")], "used_mask": 3}
        ),
    ]


def opened(factor: Authenticator) -> list[str]:
    factor.refresh_from_db()
    data = factor.data
    return [
        SecondFactorAdapter().decrypt(text) for text in [data.get("secret"), *data.get("migrated_codes", [])] if text
    ]


def test_everything_opens_under_the_new_key_alone(
    store: Store, webhook: Webhook, factors: list[Authenticator], settings: Any, capsys: Any
) -> None:
    check_data_keys()
    old, new = settings.DATA_KEYS[0], new_key()
    settings.DATA_KEYS = [new, old]
    key, hint = store.provider.open_key().reveal(), store.provider.key_hint
    call_command("reseal_secrets", "--json")
    assert json.loads(capsys.readouterr().out) == {"resealed": 5, "current": 0, "unopened": []}
    settings.DATA_KEYS = [new]
    check_data_keys()
    store.provider.refresh_from_db()
    webhook.refresh_from_db()
    assert (store.provider.open_key().reveal(), store.provider.key_hint) == (key, hint)
    assert webhook.open_secret().reveal() == "a secret of a webhook"
    assert [opened(factor) for factor in factors] == [["JBSWY3DPEHPK3PXP"], ["one", "two"]]
    assert factors[1].data["used_mask"] == 3
    settings.DATA_KEYS = [old]
    with pytest.raises(SealError):
        store.provider.open_key()


def test_again_it_writes_nothing(store: Store, webhook: Webhook, factors: list[Authenticator], settings: Any) -> None:
    settings.DATA_KEYS = [new_key(), *settings.DATA_KEYS]
    assert reseal_all().resealed == 4
    before = Webhook.objects.get().sealed_secret
    done = reseal_all()
    assert (done.resealed, done.current, done.unopened) == (0, 4, [])
    assert Webhook.objects.get().sealed_secret == before


def test_what_no_key_opens_is_named_and_stays(store: Store, webhook: Webhook, settings: Any, capsys: Any) -> None:
    Webhook.objects.update(sealed_secret=store.provider.sealed_key)
    settings.DATA_KEYS = [new_key(), *settings.DATA_KEYS]
    with pytest.raises(SystemExit) as ended:
        call_command("reseal_secrets")
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert f"1 sealed anew, 0 were already. No key opens webhook {webhook.pk}: keep the older keys" in said
    assert Webhook.objects.get().sealed_secret == store.provider.sealed_key
