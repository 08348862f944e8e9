"""The demo: everything once, resumed when interrupted, and never into a database that is in use."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from orders.management.commands import seed_demo
from orders.management.commands.seed_demo import Command
from panel.customers.models import User
from panel.lib.commands import Answer, BadInput
from panel.wallet.ledger import wallet_of
from providers.catalog.models import Markup, Service
from providers.models import BalanceReading, Provider
from tests.fixtures_simulator import SIMULATOR_KEY

Seed = Callable[[], Answer]


@pytest.fixture
def seed(simulator: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> Seed:
    """Runs the command as `make run` does."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv("PROVIDER_URL", simulator.url)
    monkeypatch.setenv("PROVIDER_KEY", SIMULATOR_KEY)
    return lambda: Command().work()


def counts() -> dict[str, int]:
    models = (Provider, Service, Markup, User, BalanceReading)
    return {model.__name__: model._default_manager.count() for model in models}


@pytest.mark.django_db(transaction=True)
def test_an_empty_database_is_filled_once(seed: Seed, tmp_path: Path) -> None:
    made = seed().data["sign_ins"]
    assert counts() == {"Provider": 1, "Service": 20, "Markup": 1, "User": 2, "BalanceReading": 1}
    customer = User.objects.get(email="customer@demo.example")
    staff = User.objects.get(email="staff@demo.example")
    assert (customer.is_staff, staff.is_superuser) == (False, True)
    assert wallet_of(user=customer).balance == Decimal(250)
    assert EmailAddress.objects.filter(verified=True).count() == 2
    assert isinstance(made, list)
    assert [(one["role"], one["email"]) for one in made] == [("staff", staff.email), ("customer", customer.email)]
    assert all(user.check_password(one["password"]) for user, one in zip((staff, customer), made, strict=True))
    kept = (tmp_path / "sign-ins.txt").read_text()
    assert kept == "".join(f"{one['email']}  {one['password']}  ({one['role']})\n" for one in made)
    before = counts()
    assert seed().data == {"sign_ins": [], "problems": []}
    assert counts() == before
    assert (tmp_path / "sign-ins.txt").read_text() == kept


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_run_is_finished_by_the_next(
    seed: Seed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(sign_ins: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(seed_demo, "_keep", fail)
        with pytest.raises(OSError, match="No space left"):
            seed()
    assert (User.objects.count(), Markup.objects.count(), Provider.objects.count()) == (0, 0, 1)
    assert not (tmp_path / "sign-ins.txt").exists()
    assert len(seed().data["sign_ins"]) == 2  # type: ignore[arg-type]
    assert counts() == {"Provider": 1, "Service": 20, "Markup": 1, "User": 2, "BalanceReading": 1}


@pytest.mark.django_db(transaction=True)
def test_a_database_in_use_gets_the_provider_and_nothing_else(seed: Seed, tmp_path: Path) -> None:
    User.objects.create_user("anna@example.com")
    assert seed().data["sign_ins"] == []
    assert counts() == {"Provider": 1, "Service": 20, "Markup": 0, "User": 1, "BalanceReading": 1}
    assert not (tmp_path / "sign-ins.txt").exists()


@pytest.mark.django_db(transaction=True)
def test_a_provider_that_does_not_know_the_key_is_said_and_tried_again(
    seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVIDER_KEY", "not-the-key-of-anything")
    (problem,) = seed().data["problems"]  # type: ignore[misc]
    assert problem.startswith("Demo provider: ")
    assert "not-the-key-of-anything" not in problem
    assert counts() == {"Provider": 1, "Service": 0, "Markup": 1, "User": 2, "BalanceReading": 0}
    assert len(seed().data["problems"]) == 1  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.parametrize("missing", ["PROVIDER_URL", "PROVIDER_KEY"])
def test_without_a_provider_nothing_is_done(seed: Seed, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(BadInput, match="Set PROVIDER_URL and PROVIDER_KEY"):
        seed()
    assert counts() == dict.fromkeys(counts(), 0)
