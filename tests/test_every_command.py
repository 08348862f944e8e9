"""Every command of the product: what it changes is in the audit trail with who ran it, and its exit status is true.

0 is done, 1 is that a part of the work failed, 2 is bad input, which changes nothing. Who adds a command adds its line.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import ManagementUtility, get_commands

from orders.models import Order
from orders.unconfirmed.scan import CONTROLS
from panel.customers.models import ApiKey, User
from panel.lib import crypto
from panel.lib.commands import operator
from panel.ops.models import AuditEvent
from panel.wallet.models import Account, Transfer
from providers.catalog.models import Markup, Service
from providers.models import Provider
from tests.fixtures_orders import LINK, Store

pytestmark = pytest.mark.django_db
Manage = Callable[..., tuple[int, str, str]]


@pytest.fixture
def manage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Manage:
    """A command as on a terminal: exit status, standard output, standard error without the log."""
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)
    monkeypatch.setattr("django.core.management.base.BaseCommand.check", lambda *_, **__: None)

    def command(*arguments: object) -> tuple[int, str, str]:
        status = 0
        try:
            ManagementUtility(["manage.py", *map(str, arguments)]).execute()
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        printed = capsys.readouterr()
        said = [line for line in printed.err.splitlines() if not line.startswith("timestamp=")]
        return status, printed.out, "\n".join(said)

    return command


def unreachable(store: Store) -> None:
    Provider.objects.update(url="https://127.0.0.1:1/api/v2")


def nothing(store: Store) -> None:
    """It cannot fail in part."""


def an_order_that_is_over(store: Store) -> None:
    Order.objects.update(state="CANCELED")


def balance_in_another_currency(store: Store) -> None:
    Provider.objects.update(currency="EUR")


def a_wallet_that_differs(store: Store) -> None:
    Account.objects.filter(customer=store.customer).update(balance=Decimal(5))


def a_key_that_nobody_opens(store: Store) -> None:
    sealed = crypto.seal(store.provider.open_key(), place="elsewhere", keys=[crypto.new_key()])
    Provider.objects.update(sealed_key=sealed)


def a_refill(store: Store) -> None:
    order = store.active()
    store.simulator.advance(10_000)
    store.poll()
    store.simulator.next("refill", "html")
    ManagementUtility(["manage.py", "request_refills", str(order.pk)]).execute()


def a_cancel(store: Store) -> None:
    order = store.active()
    store.simulator.next("cancel", "html")
    ManagementUtility(["manage.py", "request_cancels", str(order.pk)]).execute()


def followed(store: Store) -> None:
    store.active()
    unreachable(store)


def a_list_that_is_empty(store: Store) -> None:
    for number in range(1, 21):
        store.simulator.remove_service(number)


@dataclass(frozen=True)
class Case:
    """A command's words: `good` is done, `bad` makes no sense, and `fails` is how a part of it comes to fail.

    `action` is its line in the audit trail; None where it changes nothing. `moved` is what it changes, as a count.
    """

    good: str
    bad: str
    action: str | None = None
    fails: Callable[[Store], None] = nothing
    failing: str = ""


CASES = {
    "add_customer": Case("new@example.com --credit 5", "ada@example.com", "user.add"),
    "add_provider": Case(
        "South --url https://a.example/ --key -", "North --url https://a.example/ --key -", "provider.add"
    ),
    "backup": Case("{folder}/panel.tar.gz", "/nonexistent/panel.tar.gz", "backup.write"),
    "check_ledger": Case("", "surplus", fails=a_wallet_that_differs),
    "check_provider": Case("North", "Nowhere", fails=balance_in_another_currency),
    "find_orphans": Case("North", "North --calls 0", "orphan.find", fails=unreachable),
    "issue_api_key": Case("ada@example.com", "nobody@example.com", "API key issued"),
    "list_services": Case("", "surplus"),
    "place_order": Case(
        f"ada@example.com {{service}} --link {LINK} --quantity 1000", "ada@example.com 987654", "order.place"
    ),
    "poll_cancels": Case("--all", "surplus", "job.run", fails=a_cancel),
    "poll_orders": Case("--all", "surplus", "job.run", fails=followed),
    "poll_refills": Case("--all", "surplus", "job.run", fails=a_refill),
    "read_balances": Case("", "surplus", "job.run", fails=unreachable),
    "rebuild_checkpoints": Case("", "surplus", "checkpoints.rebuild"),
    "record_deposit": Case("North 5", "North 0", "provider.deposit"),
    "request_cancels": Case("{order}", "x", "order cancel", fails=an_order_that_is_over),
    "request_refills": Case("{over}", "x", "order refill", fails=an_order_that_is_over, failing="987654"),
    "reseal_secrets": Case("", "surplus", "secrets.reseal", fails=a_key_that_nobody_opens),
    "safe_mode": Case("--on Looking", "--on x --off y", "safe mode on"),
    "seed_demo": Case("", "surplus"),
    "set_markup": Case("--percent 70", "--percent -100", "markup.set"),
    "set_refill_days": Case("30 --named refill", "x --named refill", "service.refill days"),
    "set_up_roles": Case("", "surplus", "roles.set up"),
    "show_order": Case("{order}", "987654"),
    "submit_orders": Case("--all", "surplus", "job.run"),
    "sync_services": Case("North", "Nowhere", "provider.sync", fails=unreachable),
}
PROCESSES = {"run_panel", "run_simulator"}
"""These run until they are stopped, and change nothing by themselves."""
DRILLED = {"restore"}
"""These replace the database: tests/process/test_restore.py does it."""


def ours() -> set[str]:
    floors = {"panel", "orders", "providers"}
    return {name for name, app in get_commands().items() if str(app).split(".")[0] in floors}


def words(text: str, store: Store, **numbers: object) -> list[str]:
    return text.format(service=store.service().pk, **numbers).split()


@pytest.fixture
def numbers(store: Store, tmp_path: Path) -> dict[str, object]:
    """An order that waits, and one that is completed, among enough that are known at the provider."""
    over, *_ = [store.active() for _ in range(CONTROLS)]
    store.simulator.advance(10_000)
    store.poll()
    return {"over": over.pk, "order": store.place().pk, "folder": tmp_path}


@pytest.fixture(autouse=True)
def _input(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a-secret-of-mine\n"))
    monkeypatch.setenv("PROVIDER_URL", store.provider.url)
    monkeypatch.setenv("PROVIDER_KEY", store.simulator.key)


def everything(store: Store) -> Any:
    tables = (User, Provider, Order, Transfer, ApiKey, Markup, Service, AuditEvent)
    return store.money(), [list(model.objects.order_by("pk").values()) for model in tables]


def test_the_table_names_every_command() -> None:
    assert set(CASES) | PROCESSES | DRILLED == ours()


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_is_done_is_zero_and_in_the_trail(
    store: Store, numbers: dict[str, object], manage: Manage, name: str
) -> None:
    case, before = CASES[name], AuditEvent.objects.count()
    status, _, error = manage(name, *words(case.good, store, **numbers))
    assert (status, error) == (0, "")
    lines = list(AuditEvent.objects.order_by("pk").values_list("actor", "action"))[before:]
    assert lines == ([] if case.action is None else [(operator(), case.action)])


@pytest.mark.parametrize("name", sorted(CASES))
def test_bad_input_is_two_and_moves_nothing(store: Store, manage: Manage, name: str) -> None:
    before = everything(store)
    status, printed, error = manage(name, *words(CASES[name].bad, store))
    assert (status, printed, error.count("\n")) == (2, "", 0)
    assert error
    assert everything(store) == before


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.fails is not nothing))
def test_what_fails_in_part_is_one(store: Store, numbers: dict[str, object], manage: Manage, name: str) -> None:
    case = CASES[name]
    case.fails(store)
    status, printed, _ = manage(name, *words(case.failing or case.good, store, **numbers))
    assert (status, bool(printed)) == (1, True)


def test_the_demo_says_what_is_not_in_order(store: Store, manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_URL", "https://127.0.0.1:1/api/v2")
    status, printed, _ = manage("seed_demo", "--json")
    assert (status, '"problems": [' in printed, '"problems": []' in printed) == (1, True, False)


def test_an_accepted_list_that_is_held_again_is_one_and_in_the_trail(store: Store, manage: Manage) -> None:
    a_list_that_is_empty(store)
    status, printed, _ = manage("sync_services", "North", "--accept")
    assert status == 1
    assert "North: sync on hold. The list is empty" in printed
    line = AuditEvent.objects.latest("pk")
    assert (line.actor, line.action) == (operator(), "provider.accept_list")
    assert line.detail["after"]["problem"].startswith("The list is empty")


@pytest.mark.parametrize(
    ("command", "token", "text"),
    [
        ("record_deposit North 5", "invoice-7", "Already recorded."),
        ("place_order ada@example.com {service}", "row-1", "before"),
    ],
)
def test_the_same_token_moves_money_once(store: Store, manage: Manage, command: str, token: str, text: str) -> None:
    given = [*words(command, store), "--token", token]
    given += ["--link", LINK, "--quantity", "1000"] if "place" in command else []
    assert manage(*given)[0] == 0
    before = everything(store)
    status, printed, _ = manage(*given)
    assert (status, text in printed) == (0, True)
    assert everything(store) == before


def test_a_token_of_another_deposit_is_refused(store: Store, manage: Manage) -> None:
    manage("record_deposit", "North", "5", "--token", "invoice-7")
    before = everything(store)
    for amount in ("6", "-5"):
        status, _, error = manage("record_deposit", "North", "--token", "invoice-7", "--", amount)
        assert (status, error) == (2, "The token “invoice-7” was used for another deposit. Nothing was recorded.")
    status, _, error = manage("record_deposit", "North", "5", "--token", "opening:1")
    assert (status, "A token has 1 to 50 letters" in error) == (2, True)
    assert everything(store) == before


def test_a_password_comes_from_standard_input(store: Store, manage: Manage) -> None:
    status, printed, error = manage("add_customer", "new@example.com", "--password", "-")
    user = User.objects.get(email="new@example.com")
    assert (status, printed, error) == (0, f"Customer #{user.pk} added: new@example.com, balance 0 USD.\n", "")
    assert user.check_password("a-secret-of-mine")
    assert "a-secret-of-mine" not in str(list(AuditEvent.objects.values()))


def test_a_password_is_asked_for_on_a_terminal(store: Store, manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"typed after {prompt}")
    assert manage("add_customer", "new@example.com", "--password")[0] == 0
    assert User.objects.get(email="new@example.com").check_password("typed after Password: ")


@pytest.mark.parametrize(
    ("command", "option"),
    [("add_customer new@example.com", "--password"), ("add_provider South --url https://a.example/", "--key")],
)
def test_a_secret_on_the_command_line_is_taken_with_a_warning(
    store: Store, manage: Manage, command: str, option: str
) -> None:
    status, _, error = manage(*command.split(), option, "correct-horse-battery")
    assert status == 0
    assert error == f"Anybody on this machine can read what follows {option}. Use {option} - instead."


def test_a_user_without_a_name_is_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> Any:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert operator() == "command"


@pytest.mark.parametrize("arguments", [["--bind", "nonsense"], ["surplus"]])
@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_a_process_refuses_bad_input(
    manage: Manage, monkeypatch: pytest.MonkeyPatch, name: str, arguments: list[str]
) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("It was started.")

    monkeypatch.setattr("panel.serving.PanelServer.run", started)
    monkeypatch.setattr("panel.ops.management.commands.run_panel.clean_up", started)
    monkeypatch.setenv("SIMULATOR_KEY", "k")
    assert manage(name, *arguments)[0] == 2
