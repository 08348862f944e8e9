"""The catalogue's commands as an operator runs them: JSON for programs, one line and status 2 for bad input."""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import ManagementUtility, call_command

from panel.lib.commands import operator
from panel.ops.models import AuditEvent
from providers.catalog.models import Markup, Service
from providers.models import Provider
from tests.fixtures_shop import Shop
from tests.fixtures_simulator import SIMULATOR_KEY, Simulator


def as_json(*arguments: str) -> Any:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[object, str, str]]:
    """A command as on a terminal: exit status, standard output, standard error."""
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)
    monkeypatch.setattr("django.core.management.base.BaseCommand.check", lambda *_, **__: None)

    def command(*arguments: str) -> tuple[object, str, str]:
        status: object = 0
        try:
            ManagementUtility(["manage.py", *arguments]).execute()
        except SystemExit as exit_:
            status = exit_.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return command


def test_a_provider_is_added_synced_priced_and_listed(db: None, simulator: Simulator) -> None:
    added = as_json("add_provider", "North", "--url", simulator.url, "--key", SIMULATOR_KEY, "--rate", "1.1")
    provider = Provider.objects.get()
    assert added == {
        "provider": "North",
        "id": provider.pk,
        "currency": "USD",
        "exchange_rate": "1.1",
        "new_services": "all",
        "shelve": "all",
    }
    assert provider.open_key().reveal() == SIMULATOR_KEY
    assert as_json("check_provider", "North") == {
        "provider": "North",
        "ok": True,
        "balance": "1000",
        "currency": "USD",
    }
    first = as_json("sync_services", "North")
    assert {name: first[name] for name in ("added", "changed", "removed", "unchanged", "rows_written", "held")} == {
        "added": 20,
        "changed": 0,
        "removed": 0,
        "unchanged": 0,
        "rows_written": 20,
        "held": 0,
    }
    assert as_json("list_services") == {"services": []}
    markup = as_json("set_markup", "--percent", "50", "--fixed", "0.01")
    assert (markup["for"], markup["percent"], markup["fixed"], markup["repriced"]) == ("everything", "50", "0.01", 20)
    service = Service.objects.get(upstream__external_id="1")
    assert as_json("list_services", "--search", "30 days refill Real followers")["services"][0] == {
        "id": service.pk,
        "provider": "North",
        "provider_service": "1",
        "name": "Instagram Followers | Real | 30 days refill",
        "type": "Default",
        "category": "Instagram Followers",
        "cost": "0.99",
        "cost_currency": "USD",
        "rate": "1.495",
        "min": 50,
        "max": 10000,
        "for_sale": True,
        "reason": "",
    }
    assert set(AuditEvent.objects.values_list("actor", "action")) == {
        (operator(), "provider.add"),
        (operator(), "provider.sync"),
        (operator(), "markup.set"),
    }


def test_without_a_name_all_active_providers_are_synced_and_summed(
    shop: Shop, make_simulator: Callable[..., Simulator]
) -> None:
    other = make_simulator(services=5)
    as_json("add_provider", "South", "--url", other.url, "--key", other.key, "--shelve", "review")
    assert Provider.objects.get(name="South").new_services == "review"
    found = as_json("sync_services")
    assert (found["added"], found["unchanged"], found["rows_written"], found["failures"]) == (5, 20, 5, {})
    Provider.objects.filter(name="South").update(is_active=False)
    assert as_json("sync_services")["unchanged"] == 20
    assert as_json("sync_services", "South")["unchanged"] == 5


def test_a_list_that_is_held_says_so_and_may_be_accepted(
    shop: Shop, run: Callable[..., tuple[object, str, str]]
) -> None:
    for number in range(1, 11):
        shop.simulator.remove_service(number)
    status, out, err = run("sync_services", "North")
    assert (status, err) == (0, "")
    assert out == "North: sync on hold. 10 of 20 services are missing from the list. Your catalog is unchanged.\n"
    assert as_json("sync_services", "North")["held"] == 10
    assert as_json("sync_services", "North", "--accept")["removed"] == 10
    assert as_json("sync_services", "North")["unchanged"] == 10


def test_a_provider_that_cannot_be_read_is_exit_status_one(
    shop: Shop, run: Callable[..., tuple[object, str, str]]
) -> None:
    shop.simulator.next("services", "html")
    status, out, _ = run("sync_services", "--json")
    assert status == 1
    assert list(json.loads(out.splitlines()[-1])["failures"]) == ["North"]
    shop.simulator.next("balance", "invalid_key")
    status, out, _ = run("check_provider", "North", "--json")
    assert status == 1
    assert json.loads(out)["ok"] is False
    assert shop.simulator.key not in out


@pytest.mark.parametrize(
    ("target", "reach"),
    [
        (("--provider", "North"), "provider “North”"),
        (("--category", "TikTok Views"), "category “TikTok Views”"),
    ],
)
def test_a_markup_for_one_target_by_name(shop: Shop, target: tuple[str, str], reach: str) -> None:
    found = as_json("set_markup", "--percent", "100", "--decimals", "1", *target)
    assert found["for"] == reach
    assert shop.service("4").rate == Decimal("0.5")
    assert Markup.objects.count() == 2


def test_a_markup_for_one_target_by_number(shop: Shop) -> None:
    service = shop.service("4")
    assert as_json("set_markup", "--percent", "0", "--service", str(service.pk))["repriced"] == 1
    by_number = as_json("set_markup", "--percent", "10", "--category", str(service.category_id))
    assert by_number["for"] == "category “TikTok Views”"
    assert (shop.service("4").rate, shop.service("4").cost) == (Decimal("0.25"), Decimal("0.25"))


def test_what_is_not_for_sale_is_listed_on_request(shop: Shop) -> None:
    Service.objects.filter(pk=shop.service("4").pk).update(is_enabled=False)
    assert len(as_json("list_services")["services"]) + 1 <= len(as_json("list_services", "--all")["services"]) == 20


def test_the_key_may_come_from_the_environment_or_standard_input(
    db: None, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVIDER_KEY", "from-the-environment")
    as_json("add_provider", "One", "--url", simulator.url)
    monkeypatch.setattr("sys.stdin", io.StringIO("from-standard-input\n"))
    as_json("add_provider", "Two", "--url", simulator.url, "--key", "-")
    opened = [provider.open_key().reveal() for provider in Provider.objects.order_by("name")]
    assert opened == ["from-the-environment", "from-standard-input"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("add_provider", "South", "--url", "nonsense", "--key", "k"), "This is no address that we can use."),
        (("add_provider", "South", "--url", "https://a.example/", "--key", "k", "--rate", "x"), "argument --rate: “x”"),
        (("add_provider", "South", "--url", "https://a.example/", "--key", "k", "--rate", "0"), "The exchange rate"),
        (
            ("add_provider", "South", "--url", "https://a.example/", "--key", "k", "--shelve", "no"),
            "argument --new-services/--shelve",
        ),
        (("add_provider", "South", "--key", "k"), "the following arguments are required: --url"),
        (("add_provider", "South", "--url", "https://a.example/", "--key", ""), "The API key is empty"),
        (
            ("add_provider", "North", "--url", "https://a.example/", "--key", "k"),
            "A provider named “North” already exists.",
        ),
        (("check_provider", "Nowhere"), "No provider is named “Nowhere”."),
        (("sync_services", "Nowhere"), "No provider is named “Nowhere”."),
        (("sync_services", "--accept"), "Enter the provider whose list you accept."),
        (("set_markup", "--percent", "ten"), "argument --percent: “ten” is not an amount."),
        (("set_markup", "--percent", "-100"), "The percentage must be above -100"),
        (("set_markup", "--percent", "1", "--decimals", "7"), "argument --decimals: invalid choice: 7"),
        (("set_markup", "--percent", "1", "--provider", "Nowhere"), "No provider is named “Nowhere”."),
        (("set_markup", "--percent", "1", "--category", "999999"), "No category is named “999999”."),
        (("set_markup", "--percent", "1", "--service", "abc"), "No service has the ID “abc”."),
        (("set_markup", "--percent", "1", "--service", "1", "--provider", "North"), "argument --provider: not allowed"),
        (("list_services", "surplus"), "unrecognized arguments: surplus"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(
    shop: Shop,
    run: Callable[..., tuple[object, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    line: str,
) -> None:
    monkeypatch.delenv("PROVIDER_KEY", raising=False)
    before = (shop.everything(), list(Markup.objects.values()), AuditEvent.objects.count())
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert line in err
    assert err.count("\n") == 1
    assert (shop.everything(), list(Markup.objects.values()), AuditEvent.objects.count()) == before
