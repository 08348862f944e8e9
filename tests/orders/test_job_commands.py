"""The jobs' commands and those of single orders: nonsense is one clear line, and nothing moves."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.fixtures_orders import LINK, Store

NOBODY = "nobody@example.com"


def given(store: Store, **changes: str) -> list[str]:
    words = {"email": store.customer.email, "service": str(store.service().pk), "link": LINK, "quantity": "1000"}
    words |= changes
    return [words["email"], f"--link={words['link']}", f"--quantity={words['quantity']}", "--", words["service"]]


@pytest.mark.parametrize(
    "arguments",
    [
        ["submit_orders", "surplus"],
        ["submit_orders", "--provider=nonsense"],
        ["poll_orders", "surplus"],
        ["poll_orders", "--provider=nonsense"],
        ["poll_refills", "surplus"],
        ["poll_refills", "--nonsense"],
        ["poll_cancels", "surplus"],
        ["poll_cancels", "--nonsense"],
        ["read_balances", "--provider=nonsense"],
        ["read_balances", "surplus", "surplus"],
        ["show_order"],
        ["show_order", "0"],
        ["show_order", "-1"],
        ["show_order", "nonsense"],
        ["show_order", "99999999999999999999999999"],
        ["check_ledger", "surplus"],
    ],
)
def test_nonsense_moves_nothing(store: Store, arguments: list[str], capfd: Any) -> None:
    store.place()
    before = store.everything()
    store.simulator.forget_requests()
    with pytest.raises((CommandError, SystemExit)) as refused:
        call_command(*arguments)
    text = str(refused.value)
    assert "\n" not in text.strip()
    assert store.everything() == before
    assert [store.simulator.requests(action) for action in ("add", "status", "refill", "cancel", "balance")] == [[]] * 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": NOBODY}, NOBODY),
        ({"service": "999999"}, "This service isn't available right now."),
        ({"service": "-1"}, ""),
        ({"service": "nonsense"}, ""),
        ({"link": "nonsense"}, "Link: enter a full link, for example https://instagram.com/name."),
        ({"quantity": "0"}, "Quantity: enter a whole number of at least 1."),
        ({"quantity": "-5"}, "Quantity: enter a whole number of at least 1."),
        ({"quantity": "1e3"}, "Quantity: enter a whole number of at least 1."),
        ({"quantity": "49"}, "The minimum quantity is 50."),
        ({"quantity": "10001"}, "The maximum quantity is 10,000."),
    ],
)
def test_an_order_that_cannot_be_placed(store: Store, changes: dict[str, str], said: str) -> None:
    before = store.everything()
    with pytest.raises(CommandError) as refused:
        call_command("place_order", *given(store, **changes))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value).strip()
    assert store.everything() == before
